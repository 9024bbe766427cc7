import fc from 'fast-check';

// AVA does not print the cause of an error, and so would not say what is wrong about a counterexample.
fc.configureGlobal({ ...fc.readConfigureGlobal(), includeErrorInReport: true });

export default fc;
