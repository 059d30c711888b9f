// `npm start`: builds what is not up to date, then becomes the server.
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`QuantumFlux needs Node.js 20.19 or newer; this is ${process.versions.node}.`);
  process.exit(1);
}

try {
  const { build } = await import('./build.mjs');
  await build();
  // In this process, not a child, so that signals reach the server and its exit code is ours.
  await import('../server/dist/main.js');
} catch (error) {
  const advice = error.code === 'ERR_MODULE_NOT_FOUND' ? 'Run `npm install` first.' : (error.frame ?? '');
  console.error(`\n${error.message}\n${advice}`);
  process.exitCode = 1;
}
