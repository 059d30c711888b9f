// `npm start`: builds what is not up to date, then becomes the server.
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`QuantumFlux needs Node.js 20.19 or newer; this is ${process.versions.node}.`);
  process.exit(1);
}

const { build } = await import('./build.mjs');
try {
  await build();
} catch (error) {
  const missing = error.code === 'ERR_MODULE_NOT_FOUND';
  console.error(missing ? 'Run `npm install` first.' : `\n${error.message}\n${error.frame ?? ''}`);
  process.exit(1);
}

// In this process, not a child, so that signals reach the server and its exit code is ours.
await import('../server/dist/main.js');
