/** The machine of the fabric that asks whether machines are well, and answers them for names (Azure, what-is-ip-address-168-63-129-16). */
export const platformAddress = '168.63.129.16';

/** Who tells a machine about itself. */
export const metadataAddress = '169.254.169.254';
