// @ts-check
/** The picture of an address, drawn by the node; no library is needed here. @param {string} text */
export const qr = (text) => `/api/v1/qr?text=${encodeURIComponent(text)}`;
