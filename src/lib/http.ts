/**
 * `node:http`, taken as the object it is. An import statement would read every export once, among them one that loads
 * a whole WebSocket client on first use: 30 ms of processor time in each process of a lab.
 */
export const { Agent, createServer, request, STATUS_CODES } = process.getBuiltinModule('node:http');
