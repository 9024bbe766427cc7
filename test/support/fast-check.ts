import fc from 'fast-check';

fc.configureGlobal({
  ...fc.readConfigureGlobal(),
  // AVA does not print the cause of an error, and so would not say what is wrong about a counterexample.
  includeErrorInReport: true,
  // Otherwise a list of up to sixty commands has ten at most.
  defaultSizeToMaxWhenMaxSpecified: true,
});

export default fc;
