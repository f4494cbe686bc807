// What oidc-provider says is advice for production, part of it while it is imported; and standard output is for one
// line of ours. Import this first.
console.info = () => {};
console.warn = () => {};
