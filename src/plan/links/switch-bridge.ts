/** Name of the bridge that a switch is. */
export const switchBridge = 'br0';
