// Silences the warnings that oidc-provider prints, some of them on import, because standard output is reserved for one line
// of JSON. Import this first.
console.info = () => {};
console.warn = () => {};
