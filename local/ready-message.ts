// What npm start prints when it is ready. Pure.

type Ready = {
  /** Path of the data. */
  readonly data: string;
  readonly page: string;
  readonly email: string;
  /** LOCAL_DATA_DIR, which the commands of another shell need too. */
  readonly dataDir: string | undefined;
};

/** The addresses and commands to try. The last line is `Ready: URL`. */
export function readyMessage(url: string, { data, page, email, dataDir }: Ready): string {
  const inDir = dataDir ? `LOCAL_DATA_DIR='${dataDir.replaceAll("'", "'\\''")}' ` : "";
  return `
  Page           ${url}/
  API            ${url}/docs
  Console        ${url}/api/console/
  Count a visit  curl -X POST ${url}/api/v1/visits/${page}
  Health         curl ${url}/api/health/ready
  Sign in        curl -d grant_type=password -d username=${email} --data-urlencode password=PASSWORD ${url}/api/v1/auth/token
  Token          ${inDir}npm run token -- --role owner
  Upload         curl -H "Authorization: Bearer $(${inDir}npm run -s token -- --role owner)" -F file=@photo.jpg ${url}/api/v1/images
  Data           ${data}

Ready: ${url}`;
}

/** The environment that Core Tools need, as lines for another shell. */
export function servicesMessage(env: Readonly<Record<string, string>>, data: string): string {
  return [
    "",
    `Storage, identity and vault are running, with their data in ${data}. For Core Tools, in another shell:`,
    "",
    ...Object.entries(env).map(([name, value]) => `export ${name}='${value}'`),
    "func start",
  ].join("\n");
}
