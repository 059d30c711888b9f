/** A Chromium-family browser of this machine, else the one inside an npm package, and how to start it. */
export function findBrowser(): Promise<{
  executablePath: string;
  source: string;
  args: string[];
  env: Record<string, string>;
}>;
