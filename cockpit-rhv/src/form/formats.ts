// SPDX-License-Identifier: Apache-2.0
// The formats that answers schemas name. The helper has the last word; these answer while the user types.

const LABEL = /^(?!-)[A-Za-z0-9-]{1,63}(?<!-)$/;

/** A name with at least one dot whose last label is no number: `engine.example.com`. */
export function isFqdn(value: string): boolean {
    const labels = value.split(".");
    return value.length <= 253 && labels.length >= 2 && labels.every(label => LABEL.test(label))
        && !/^\d+$/.test(labels.at(-1) ?? "");
}

export function isIpv4(value: string): boolean {
    const parts = value.split(".");
    return parts.length === 4 && parts.every(part => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255);
}

export function isIpv6(value: string): boolean {
    if (!/^[0-9A-Fa-f:.]+$/.test(value) || !value.includes(":"))
        return false;
    // The URL parser knows every form of IPv6 address, embedded IPv4 included.
    return URL.canParse(`http://[${value}]/`);
}

/** Address and prefix, `192.0.2.10/24`; neither the network's own address nor its broadcast. */
export function isIpv4Interface(value: string): boolean {
    const [address = "", prefix = "", ...more] = value.split("/");
    if (more.length > 0 || !isIpv4(address) || !/^([1-9]|[12]\d|3[0-2])$/.test(prefix))
        return false;
    const bits = Number(prefix);
    if (bits >= 31)
        return true;
    const number = address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
    const size = 2 ** (32 - bits);
    return number % size !== 0 && number % size !== size - 1;
}

export function isIp(value: string): boolean {
    return isIpv4(value) || isIpv6(value);
}
