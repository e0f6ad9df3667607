// The API as a user runs it: a process of its own, which a test can stop, kill and start again where it was.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

// The built program; the .NET tests name theirs.
const program = process.env.API_PROGRAM ?? new URL('../../../artifacts/bin/Buffkit.Api/debug/Buffkit.Api.dll', import.meta.url).pathname;

/** How many connections one address may have; the tests that do not fill them up have a few. */
export const connections = 12;

const settings = {
  ASPNETCORE_ENVIRONMENT: 'Development',
  // These processes live for seconds; a profile to compile by would never pay.
  DOTNET_TieredPGO: '0',
  // The shortest that is allowed, and returns that a test can wait for.
  Streams__Heartbeat: '00:00:01',
  Streams__Retry__Min: '00:00:00.100',
  Streams__Retry__Max: '00:00:00.200',
  Streams__Drain__Spread: '00:00:00.200',
  // A payload of 256 KB.
  Streams__Limits__EventBytes: `${1024 * 1024}`,
  // All clients of a test come from one address.
  Streams__Limits__ConnectionsPerAddress: `${connections}`,
  Streams__Limits__ConnectsPerMinutePerAddress: '0',
  Streams__Limits__PublishesPerSecondPerAddress: '0',
};

export class Api {
  #folder;
  #port = 0;
  #process;
  #exited;

  /** Starts it, the first time with a folder and a port of its own, which it keeps. */
  async start() {
    this.#folder ??= await mkdtemp(join(tmpdir(), 'compatibility-'));
    const child = spawn('dotnet', [program, '--urls', `http://127.0.0.1:${this.#port}`, '--contentRoot', this.#folder], {
      env: { ...process.env, ...settings },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#process = child;
    this.#exited = once(child, 'exit');
    const output = [];
    await new Promise((resolve, reject) => {
      const read = chunk => {
        output.push(chunk);
        const listening = /Now listening on: http:\/\/127\.0\.0\.1:(\d+)/.exec(output.join(''));
        if (listening) {
          this.#port = Number(listening[1]);
          resolve();
        }
      };
      child.stdout.setEncoding('utf8').on('data', read);
      child.stderr.setEncoding('utf8').on('data', read);
      child.on('error', reject);
      child.on('exit', () => reject(new Error(`The API ended:\n${output.join('')}`)));
    });
    return this;
  }

  get port() {
    return this.#port;
  }

  get url() {
    return `http://127.0.0.1:${this.#port}/events`;
  }

  /** Asks it to end, as an orchestrator does; it drains. */
  stop() {
    return this.#end('SIGTERM');
  }

  /** Ends it without a word, as a power cut does. */
  kill() {
    return this.#end('SIGKILL');
  }

  async dispose() {
    await this.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #end(signal) {
    this.#process.kill(signal);
    await this.#exited;
  }
}
