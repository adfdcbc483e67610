import { keyCount, keyOf, keys, smallValue, type OpenNearSubject } from './subject.js';

const all = keys(keyCount);
const map = new Map<string, unknown>(all.map((key, number) => [key, smallValue(number)]));

export const bareMap: OpenNearSubject = async () => ({ read: (number) => map.get(all[number] as string) });

const read = async (key: string): Promise<unknown> => map.get(key);
export const asyncMap: OpenNearSubject = async () => ({ read: (number) => read(all[number] as string) });

/** The floors of keyspaces, whose caller has parameters and no key. */
const readBy = async ({ id }: { id: number }): Promise<unknown> => map.get(keyOf(id));
export const asyncMapByParams: OpenNearSubject = async () => ({ read: (number) => readBy({ id: number }) });

const ofTwo = ({ city, id }: { city: string; id: number }): string => `city:${city}:maker:${id}`;
const mapOfTwo = new Map<string, unknown>(all.map((_, id) => [ofTwo({ city: 'oaxaca', id }), smallValue(id)]));
const readByTwo = async (params: { city: string; id: number }): Promise<unknown> => mapOfTwo.get(ofTwo(params));
export const asyncMapByTwoParams: OpenNearSubject = async () => ({
  read: (number) => readByTwo({ city: 'oaxaca', id: number }),
});
