/** The one algorithm of hash-wasm that we need: with all of them each staging thread takes 6 MB more. */
declare module 'hash-wasm/dist/blake2b.umd.min.js' {
  const blake2b: Pick<typeof import('hash-wasm'), 'createBLAKE2b'>
  // biome-ignore lint/style/noDefaultExport: it is how the module is, and not ours.
  export default blake2b
}
