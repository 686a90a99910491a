// A key and a certificate for secure.test and 127.0.0.1, signed by itself, made for tests: it protects nothing.
// openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 36500 -subj "/CN=cordon test" \
//   -addext "subjectAltName=DNS:secure.test,IP:127.0.0.1"
export const KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgta/DWHlh32xmrW3D
9dx+zY1zkc1zetJmI/g1SqgOZi+hRANCAARCjojSOqYjwj1ufMrKlj+g9O56v82m
gevwKFzKmwBLYvFD4POsfmCFSZ2IHQxO0UPECBGz0f0LRa6x07ksy4yy
-----END PRIVATE KEY-----
`;

export const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBoTCCAUegAwIBAgIUfpTNksFvtTD+UYRWe+OC4+qL58cwCgYIKoZIzj0EAwIw
FjEUMBIGA1UEAwwLY29yZG9uIHRlc3QwIBcNMjYxMTIyMDkzNTI4WhgPMjEyNjEw
MjkwOTM1MjhaMBYxFDASBgNVBAMMC2NvcmRvbiB0ZXN0MFkwEwYHKoZIzj0CAQYI
KoZIzj0DAQcDQgAEQo6I0jqmI8I9bnzKypY/oPTuer/NpoHr8ChcypsAS2LxQ+Dz
rH5ghUmdiB0MTtFDxAgRs9H9C0WusdO5LMuMsqNxMG8wHQYDVR0OBBYEFDCcagSm
kBfwkEZMAXJ6ZU4/bRgVMB8GA1UdIwQYMBaAFDCcagSmkBfwkEZMAXJ6ZU4/bRgV
MA8GA1UdEwEB/wQFMAMBAf8wHAYDVR0RBBUwE4ILc2VjdXJlLnRlc3SHBH8AAAEw
CgYIKoZIzj0EAwIDSAAwRQIhAL3qChjy+epvpGxw/h8oAD9kiOX7rYzracN4yq2A
qUlIAiAVU4GSDCHGDIccC3za7Mid3xepdjNDPbdLHUlHjtAdDg==
-----END CERTIFICATE-----
`;
