import { installDebianPackages } from '../support/fetch/debian.ts'
import { fetchTools } from '../support/fetch/fetch-tools.ts'
import { measureDeploys } from './deploys.ts'
import { measureDownloads } from './downloads.ts'
import { measureInstalls } from './installs.ts'
import { measureLargeUploads } from './large-uploads.ts'
import { measureManyNodes } from './many-nodes.ts'
import { measureManyProjects } from './many-projects.ts'
import { measurePages } from './pages.ts'
import { fetchPeers } from './peers.ts'
import { machine, markdown, progress, type Table } from './report.ts'
import { measureResumed } from './resumed.ts'
import { measureSmallUploads } from './small-uploads.ts'

const sections: Readonly<Record<string, () => Promise<readonly Table[]>>> = {
  pages: measurePages,
  'small-uploads': measureSmallUploads,
  'large-uploads': measureLargeUploads,
  downloads: measureDownloads,
  deploys: measureDeploys,
  'many-nodes': measureManyNodes,
  resumed: measureResumed,
  'many-projects': measureManyProjects,
  installs: measureInstalls,
}

/** `npm run bench [-- SECTION...]`: tables as Markdown on standard output, progress on standard error. */
async function main(asked: readonly string[]): Promise<number> {
  const unknown = asked.filter((name) => !(name in sections))
  if (unknown.length > 0) {
    progress(`No such section: ${unknown.join(', ')}. There are: ${Object.keys(sections).join(', ')}.`)
    return 2
  }
  const problems = await fetchTools(['python', 'nginx', 'curl', 'uv', 'pipNew', 'versitygw'])
  for (const problem of problems) progress(problem)
  await installDebianPackages(['wrk'])
  await fetchPeers()
  console.log(`${machine()}\n`)
  for (const [name, measure] of Object.entries(sections)) {
    if (asked.length > 0 && !asked.includes(name)) continue
    for (const table of await measure()) console.log(markdown(table))
  }
  return 0
}

process.exitCode = await main(process.argv.slice(2))
