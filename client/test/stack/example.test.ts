// The web build of example/, which `make example` makes, driven in Chromium as a person would use it.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, inject } from 'vitest';
import { type Drive, journal, play, test } from './drive.js';

const { appUrl, authHost, functionUrl } = inject('stack');
const path = (name: string) => fileURLToPath(new URL(`../../../${name}`, import.meta.url));
const SETTINGS = { mint: functionUrl, auth: `http://${authHost}`, profile: 'colours' };
const BLUE = 'rgb(207, 224, 255)';
const COLOURS = {
  repeat: true,
  connection: [
    {
      steps: [
        { do: 'listen', input_transcription: 'Make the screen blue, please.' },
        { do: 'tool_call', calls: [{ name: 'set_colour', args: { colour: 'blue' } }] },
        { do: 'answer', say: 'The screen is blue now.' },
      ],
    },
  ],
};

/** Whether the app was built. With REQUIRE_EXAMPLE=1 it must be. */
function isBuilt(): boolean {
  if (existsSync(path('example/dist/index.html'))) return true;
  if (process.env.REQUIRE_EXAMPLE === '1') throw new Error('The app of example/ is not built: make example');
  console.warn('SKIPPED: the app of example/ is not built: make example. REQUIRE_EXAMPLE=1 makes this an error.');
  return false;
}

describe.skipIf(!isBuilt() || !inject('chromium'))('the app of example/', { timeout: 60_000 }, () => {
  beforeAll(() => play(COLOURS));
  afterAll(() => play());
  beforeEach<{ drive: Drive }>(({ drive }) => drive.open(SETTINGS, appUrl));

  const background = ({ page }: Drive) =>
    page.getByRole('main').evaluate((main) => getComputedStyle(main.parentElement as Element).backgroundColor);

  async function signUp(drive: Drive): Promise<void> {
    await drive.page.getByLabel('E-mail').fill(`${crypto.randomUUID()}@example.com`);
    await drive.page.getByLabel('Password').fill('a password');
    expect(await drive.violations()).toEqual([]);
    await drive.click('Create an account');
    await drive.reads('Ready when you are');
  }

  test('a person signs up, talks, and the model gives the screen a colour', async ({ drive }) => {
    await signUp(drive);
    expect(await background(drive)).not.toBe(BLUE);

    await drive.click('Talk');
    await drive.hears('Make the screen blue, please.');
    await drive.hears('The screen is blue now.');
    await drive.reads('Speaking');
    expect(await background(drive)).toBe(BLUE);
    const { connections } = await journal();
    expect(connections.at(-1)).toMatchObject({ unmet: [], audio: { rates: [16_000] } });

    await drive.write('Thank you.');
    await drive.hears('Thank you.');
    expect(await drive.violations()).toEqual([]);
    await drive.screenshot('example');
    await drive.click('Stop');
    await drive.reads('See you soon');
    await drive.click('Sign out');
    await drive.page.getByLabel('E-mail').waitFor();
  });

  test('who only writes is not told to speak', async ({ drive }) => {
    await signUp(drive);
    await drive.write('Blue!');

    await drive.hears('The screen is blue now.');
    await drive.reads('Reading');
  });

  test('the bundle has one copy of @firebase/app: with a second, its auth is registered with nobody', () => {
    const folder = path('example/dist/_expo/static/js/web/');
    const bundles = readdirSync(folder).map((name) => readFileSync(folder + name, 'utf8'));
    expect(bundles.join('').match(/"@firebase\/app",\w+="\d+\.\d+\.\d+"/g)).toHaveLength(1);
  });

  test('who has no account goes on without, and reads that this is not open to them', async ({ drive }) => {
    await drive.click('Go on without an account');
    await drive.click('Talk');

    await drive.reads('This is not open to you');
  });

  test('a wrong password is said in words', async ({ drive }) => {
    const { page } = drive;
    await page.getByLabel('E-mail').fill('nobody@example.com');
    await page.getByLabel('Password').fill('a password');
    await drive.click('Sign in');

    await page.getByRole('alert').getByText('That did not work').waitFor();
  });
});
