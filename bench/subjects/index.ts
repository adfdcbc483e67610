import type { OpenSubject } from './subject.js';

interface SubjectModule {
  readonly open: OpenSubject;
}

/** The floor and the caches beside it. Loaded by name: each stays out of the others' processes. */
export const subjects = {
  raw: (): Promise<SubjectModule> => import('./raw.js'),
  cenote: (): Promise<SubjectModule> => import('./cenote.js'),
  'layered-loader': (): Promise<SubjectModule> => import('./layered-loader.js'),
  'async-cache-dedupe': (): Promise<SubjectModule> => import('./async-cache-dedupe.js'),
  bentocache: (): Promise<SubjectModule> => import('./bentocache.js'),
  cacheable: (): Promise<SubjectModule> => import('./cacheable.js'),
  'cache-manager': (): Promise<SubjectModule> => import('./cache-manager.js'),
};
export type SubjectName = keyof typeof subjects;
export const subjectNames = Object.keys(subjects) as SubjectName[];
