import fc from 'fast-check';

fc.configureGlobal({
  ...fc.readConfigureGlobal(),
  // AVA does not print the cause of an error. Without this, the report would not show what failed in a counterexample.
  includeErrorInReport: true,
  // Otherwise a list with a maximum of sixty commands would have at most ten.
  defaultSizeToMaxWhenMaxSpecified: true,
});

export default fc;
