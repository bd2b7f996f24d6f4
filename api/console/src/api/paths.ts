// Request and response types of each path, from the API's document: unknown paths, parameters and
// response fields do not compile.

import type { paths } from './schema'

export type Verb = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

// A path of the document with * for each parameter in braces.
type Said<P extends string> = P extends `${infer A}{${string}}${infer B}` ? `${A}*${Said<B>}` : P

// A requested path without its query, with * for each inserted value: `/v1/devices/${id}`.
type Asked<P extends string> = P extends `${infer A}?${string}` ? Segments<A> : Segments<P>
type Segments<P extends string> = P extends `${infer A}/${infer B}` ? `${Wild<A>}/${Segments<B>}` : Wild<P>
type Wild<S extends string> = string extends S ? '*' : S

type Known = { [P in keyof paths as Said<P>]: paths[P] }

/** The operation of a path; never if the gateway has none. */
export type Operation<P extends string, M extends Verb> =
  Asked<P> extends keyof Known
    ? Lowercase<M> extends keyof Known[Asked<P>]
      ? Known[Asked<P>][Lowercase<M>]
      : never
    : never

type JSONOf<R> = R extends { content: { 'application/json': infer T } } ? T : undefined

type Success<R> = 200 extends keyof R
  ? JSONOf<R[200]>
  : 201 extends keyof R
    ? JSONOf<R[201]>
    : 202 extends keyof R
      ? JSONOf<R[202]>
      : undefined

/** The response of an operation. */
export type Answer<P extends string, M extends Verb = 'GET'> =
  Operation<P, M> extends { responses: infer R } ? Success<R> : never

/** The query parameters of an operation; empty ones are not sent. */
export type Query<P extends string, M extends Verb = 'GET'> =
  Operation<P, M> extends { parameters: { query?: infer Q } }
    ? { [K in keyof Q]?: Loose<Q[K]> }
    : Record<string, never>

// Lists are sent as comma-separated words. Words come from the page's address, so any string is
// allowed: the gateway checks them.
type Loose<V> =
  NonNullable<V> extends unknown[] ? string | null : NonNullable<V> extends string ? string | null : V | null

/** The request body of an operation: JSON or a file. */
export type Body<P extends string, M extends Verb> =
  Operation<P, M> extends { requestBody?: { content: infer C } }
    ? C extends { 'application/json': infer J }
      ? J
      : Blob | string
    : undefined
