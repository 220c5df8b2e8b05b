import type { CoreMetadata } from '../packaging/core-metadata.ts'
import { projectUrl } from '../packaging/metadata/presentation.ts'

/** A release as its own metadata describes it, and where it is shown. */
export interface DescribedRelease {
  readonly metadata: CoreMetadata
  readonly description: string | undefined
  /** Canonical (PEP 440). */
  readonly version: string
  /** Pages of the project and of the release, for people. */
  readonly projectPage: string
  readonly releasePage: string
  /** Why it was yanked, if it was; empty where nobody said. */
  readonly yankedReason: string | undefined
}

/** The `info` of PyPI's `/pypi/<project>/json` (https://docs.pypi.org/api/json/). What PyPI no longer fills has its empty value. */
export interface LegacyInfo {
  readonly [key: string]: string | boolean | null | readonly string[] | Readonly<Record<string, string | number>>
}

/** Texts as they stand in the archive; what it does not say is null, as PyPI has it. */
export function legacyInfo(release: DescribedRelease): LegacyInfo {
  const { metadata, description, version, projectPage, releasePage, yankedReason } = release
  return {
    author: metadata.author ?? null,
    author_email: metadata.authorEmail ?? null,
    bugtrack_url: null,
    classifiers: metadata.classifiers,
    description: description ?? '',
    description_content_type: metadata.descriptionContentType ?? null,
    docs_url: null,
    download_url: metadata.downloadUrl ?? null,
    downloads: { last_day: -1, last_month: -1, last_week: -1 },
    dynamic: orNull(metadata.dynamic),
    home_page: metadata.homePage ?? null,
    keywords: metadata.keywords ?? null,
    license: metadata.license ?? null,
    license_expression: metadata.licenseExpression ?? null,
    license_files: orNull(metadata.licenseFiles),
    maintainer: metadata.maintainer ?? null,
    maintainer_email: metadata.maintainerEmail ?? null,
    name: metadata.name,
    package_url: projectPage,
    platform: metadata.platforms[0] ?? null,
    project_url: projectPage,
    project_urls: linksOf(metadata),
    provides_extra: orNull(metadata.providesExtra),
    release_url: releasePage,
    requires_dist: orNull(metadata.requiresDist),
    requires_python: metadata.requiresPython ?? null,
    summary: metadata.summary ?? null,
    version,
    yanked: yankedReason !== undefined,
    yanked_reason: yankedReason === undefined || yankedReason === '' ? null : yankedReason,
  }
}

/** PyPI puts the two older fields among them, under the names that people know. The first of two equal labels wins. */
function linksOf({ homePage, downloadUrl, projectUrls }: CoreMetadata): Readonly<Record<string, string>> | null {
  const links = [
    ...projectUrls.map(projectUrl),
    ...(homePage === undefined ? [] : [{ label: 'Homepage', url: homePage }]),
    ...(downloadUrl === undefined ? [] : [{ label: 'Download', url: downloadUrl }]),
  ].map(({ label, url }) => [label, url] as const)
  return links.length === 0 ? null : Object.fromEntries(links.filter(isFirst))
}

function isFirst([label]: readonly [string, string], at: number, all: readonly (readonly [string, string])[]): boolean {
  return all.findIndex(([other]) => other === label) === at
}

function orNull(values: readonly string[]): readonly string[] | null {
  return values.length === 0 ? null : values
}
