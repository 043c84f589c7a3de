import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HttpEvent } from './http-event.ts';
import { readEvent } from './read-event.ts';

function read(event: unknown): HttpEvent {
  const found = readEvent(event);
  assert(found !== null);
  return found;
}

function gateway2(fields: object, context: object = {}): HttpEvent {
  return read({
    version: '2.0',
    rawPath: '/',
    rawQueryString: '',
    headers: {},
    requestContext: { apiId: 'abc123', stage: '$default', http: { method: 'GET' }, ...context },
    isBase64Encoded: false,
    ...fields,
  });
}

function gateway1(fields: object, context: object = {}): HttpEvent {
  return read({
    path: '/',
    httpMethod: 'GET',
    headers: null,
    requestContext: { apiId: 'abc123', stage: 'live', ...context },
    body: null,
    isBase64Encoded: false,
    ...fields,
  });
}

function balancer(fields: object): HttpEvent {
  return read({ requestContext: { elb: {} }, httpMethod: 'GET', path: '/', ...fields });
}

test('the query of an HTTP API and of a function URL is taken as it is', () => {
  const query = 'a=1&a=2&b=%20+%C3%A9&empty&x=';
  assert.equal(gateway2({ rawPath: '/echo', rawQueryString: query }).target, `/echo?${query}`);
});

test('a path that came decoded is encoded again, and one that came encoded stays as it is', () => {
  assert.equal(gateway2({ rawPath: '/a b/é?x#y/100%' }).target, '/a%20b/%C3%A9%3Fx%23y/100%25');
  assert.equal(gateway2({ rawPath: '/a%20b/%C3%A9%3Fx' }).target, '/a%20b/%C3%A9%3Fx');
});

test('the stage is left out of the path where the API is called by its own address, and nowhere else', () => {
  const own = { stage: 'live', domainName: 'abc123.execute-api.eu-west-1.amazonaws.com' };
  assert.equal(gateway2({ rawPath: '/live/version' }, own).target, '/version');
  assert.equal(gateway2({ rawPath: '/live' }, own).target, '/');
  assert.equal(gateway2({ rawPath: '/lively' }, own).target, '/lively');
  const mapped = { stage: 'live', domainName: 'api.example.com' };
  assert.equal(gateway2({ rawPath: '/live/version' }, mapped).target, '/live/version');
  assert.equal(gateway1({ path: '/live/version' }, own).target, '/live/version');
  assert.equal(gateway1({ version: '1.0', path: '/live/version' }, own).target, '/version');
});

test('cookies of an HTTP API become one header', () => {
  const { headers } = gateway2({ headers: { accept: '*/*' }, cookies: ['a=1', 'b=2'] });
  assert.deepEqual(headers, [
    ['accept', '*/*'],
    ['cookie', 'a=1; b=2'],
  ]);
});

test('the query of a REST API is encoded again, with all values of a name', () => {
  const { target, form } = gateway1({
    queryStringParameters: { a: '2' },
    multiValueQueryStringParameters: { a: ['1', '2'], 'b&c': ['=é '] },
  });
  assert.equal(form, 'gateway-1.0');
  assert.equal(target, '/?a=1&a=2&b%26c=%3D%C3%A9%20');
  assert.equal(gateway1({ queryStringParameters: { a: 'x y' } }).target, '/?a=x%20y');
});

test('all values of a header of a REST API are kept', () => {
  const { headers } = gateway1({ headers: { via: 'b' }, multiValueHeaders: { via: ['a', 'b'] } });
  assert.deepEqual(headers, [
    ['via', 'a'],
    ['via', 'b'],
  ]);
  assert.deepEqual(gateway1({ headers: { via: 'b' } }).headers, [['via', 'b']]);
});

test('the query of a load balancer is taken as it is, as it never was decoded', () => {
  assert.equal(balancer({ queryStringParameters: { a: '%20', 'b%26': '' } }).target, '/?a=%20&b%26=');
});

test('whether a load balancer has multi-value headers is seen by where they are', () => {
  const single = balancer({ headers: { accept: '*/*' } });
  assert.deepEqual([single.form, single.headers], ['balancer', [['accept', '*/*']]]);
  const multi = balancer({
    multiValueHeaders: { accept: ['a', 'b'] },
    multiValueQueryStringParameters: { q: ['1', '2'] },
  });
  assert.equal(multi.form, 'balancer-multi-value');
  assert.equal(multi.target, '/?q=1&q=2');
  assert.equal(multi.headers.length, 2);
});

test('a body is text or base64, and an empty one is none', () => {
  assert.deepEqual(gateway2({ body: 'é' }).body, Buffer.from('é'));
  assert.deepEqual(gateway2({ body: 'AP8=', isBase64Encoded: true }).body, Buffer.from([0, 255]));
  for (const body of ['', null, undefined]) assert.equal(balancer({ body }).body, null);
});

test('what is no HTTP request is none', () => {
  for (const event of [
    null,
    'text',
    [],
    {},
    { Records: [{ eventSource: 'aws:sqs' }] },
    { requestContext: {} },
  ]) {
    assert.equal(readEvent(event), null);
  }
});
