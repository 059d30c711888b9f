import { spawnSync } from 'node:child_process';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/**
 * Where a browser of the Chromium family is, for tests: `{ executablePath, args, env, source }`. All of it must be
 * handed to whoever launches it. Looks at CHROME_PATH and its siblings, then for an installed browser, then in the
 * caches of Playwright and Puppeteer, then for the one in the npm package @sparticuz/chromium (Linux on x64).
 */
export async function findBrowser() {
  const found = fromEnvironment() ?? fromSystem() ?? fromCaches() ?? fromPackage();
  if (!found) {
    throw new Error(
      'No browser of the Chromium family was found. Install Chrome, Chromium or Edge, or say where one is in CHROME_PATH.',
    );
  }
  // Chromium does not start as root with its sandbox, and containers often have none. Tests load only our own pages.
  const args = ['--no-sandbox', '--disable-dev-shm-usage'];
  return { ...found, args, env: { ...process.env, ...found.env } };
}

const executable = (path) => {
  try {
    accessSync(path, constants.X_OK);
    return path;
  } catch {
    return undefined;
  }
};

const onPath = (name) =>
  (process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => executable(join(folder, name)))
    .find(Boolean);

function fromEnvironment() {
  for (const name of ['CHROME_PATH', 'CHROME_BIN', 'PUPPETEER_EXECUTABLE_PATH']) {
    const path = process.env[name];
    if (!path) continue;
    if (!executable(path)) throw new Error(`${name} says ${path}, and that cannot be run.`);
    return { executablePath: path, source: name };
  }
  return undefined;
}

const linuxNames = [
  'google-chrome-stable',
  'google-chrome',
  'chromium',
  'chromium-browser',
  'microsoft-edge-stable',
  'microsoft-edge',
];
const macNames = ['Google Chrome', 'Chromium', 'Microsoft Edge', 'Google Chrome Canary', 'Brave Browser'];
const windowsPaths = [
  'Google/Chrome/Application/chrome.exe',
  'Microsoft/Edge/Application/msedge.exe',
  'Chromium/Application/chrome.exe',
];

function fromSystem() {
  const { platform, env } = process;
  let candidates = [];
  if (platform === 'linux') candidates = [...linuxNames.map(onPath), executable('/snap/bin/chromium')];
  if (platform === 'darwin') {
    const folders = ['/Applications', join(homedir(), 'Applications')];
    candidates = folders.flatMap((folder) =>
      macNames.map((name) => executable(join(folder, `${name}.app`, 'Contents', 'MacOS', name))),
    );
  }
  if (platform === 'win32') {
    const folders = [env.PROGRAMFILES, env['PROGRAMFILES(X86)'], env.LOCALAPPDATA].filter(Boolean);
    candidates = folders.flatMap((folder) => windowsPaths.map((path) => join(folder, path))).filter(existsSync);
  }
  const executablePath = candidates.find(Boolean);
  return executablePath && { executablePath, source: 'installed' };
}

const cachedNames = new Set([
  'chrome',
  'chromium',
  'chrome-headless-shell',
  'headless_shell',
  'Chromium',
  'Google Chrome for Testing',
  'chrome.exe',
  'chrome-headless-shell.exe',
]);

function fromCaches() {
  const { platform, env } = process;
  const cache = join(homedir(), platform === 'darwin' ? 'Library/Caches' : '.cache');
  const shared = platform === 'win32' ? (env.LOCALAPPDATA ?? '') : cache;
  const folders = [
    env.PLAYWRIGHT_BROWSERS_PATH || join(shared, 'ms-playwright'),
    env.PUPPETEER_CACHE_DIR || join(homedir(), '.cache/puppeteer'),
  ];
  const executablePath = folders.map((folder) => executableIn(folder, 7)).find(Boolean);
  return executablePath && { executablePath, source: 'cache' };
}

/** The newest browser in a folder or below it. */
function executableIn(folder, depth) {
  if (depth === 0 || !existsSync(folder)) return undefined;
  const entries = readdirSync(folder, { withFileTypes: true });
  const file = entries.find(
    (entry) => entry.isFile() && cachedNames.has(entry.name) && executable(join(folder, entry.name)),
  );
  if (file) return join(folder, file.name);
  return entries
    .filter((entry) => entry.isDirectory())
    .sort((a, b) => b.name.localeCompare(a.name, 'en', { numeric: true }))
    .map((entry) => executableIn(join(folder, entry.name), depth - 1))
    .find(Boolean);
}

/** The fonts of the package, at the place where they are now; its own file names places on a machine of someone else. */
function fontsOf(folder) {
  const fonts = join(folder, 'fonts');
  const config = `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>${fonts}</dir><dir>/usr/share/fonts</dir><cachedir>${join(fonts, 'cache')}</cachedir></fontconfig>`;
  writeFileSync(join(fonts, 'fonts.conf'), config);
  return fonts;
}

function fromPackage() {
  if (process.platform !== 'linux' || process.arch !== 'x64') return undefined;
  let entry;
  try {
    entry = fileURLToPath(import.meta.resolve('@sparticuz/chromium'));
  } catch {
    return undefined;
  }
  let root = dirname(entry);
  while (!existsSync(join(root, 'bin', 'chromium.br'))) {
    if (root === dirname(root)) return undefined;
    root = dirname(root);
  }
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const folder = join(root, '..', '..', '.cache', 'quantumflux', `chromium-${version}`);
  if (!executable(join(folder, 'chromium'))) unpack(entry, folder);
  // It brings the libraries that a bare system does not have.
  const libraries = [join(folder, 'al2023', 'lib'), process.env.LD_LIBRARY_PATH].filter(Boolean).join(':');
  const fonts = process.env.FONTCONFIG_PATH ?? fontsOf(folder);
  return {
    executablePath: join(folder, 'chromium'),
    source: `@sparticuz/chromium ${version}`,
    env: { LD_LIBRARY_PATH: libraries, FONTCONFIG_PATH: fonts },
  };
}

/**
 * The package unpacks into the system's temporary folder without locking, and its libraries only where it believes to
 * be on AWS Lambda. So it runs in a process of its own with a folder of its own, which is then put in place at once.
 */
function unpack(entry, folder) {
  mkdirSync(dirname(folder), { recursive: true });
  const own = mkdtempSync(`${folder}-`);
  const script = `import chromium from ${JSON.stringify(pathToFileURL(entry).href)}; await chromium.executablePath();`;
  const env = { ...process.env, TMPDIR: own, AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs22.x' };
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    env,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`@sparticuz/chromium could not be unpacked: ${stderr}`);
  try {
    renameSync(own, folder);
  } catch {
    // Another process was quicker; what it has put there is the same.
    rmSync(own, { recursive: true, force: true });
  }
}
