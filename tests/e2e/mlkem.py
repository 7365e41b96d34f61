"""ML-KEM-768 once more, from FIPS 203, for the peers of the tests: they offer a
post-quantum part, and attack it, whatever OpenSSL this machine has. Slow, not
constant in time: never use it to chat."""

import hashlib

Q, N, K, DU, DV = 3329, 256, 3, 10, 4
PUBLIC, SEALED = 1184, 1088

REVERSED = [int(f"{i:07b}"[::-1], 2) for i in range(128)]
ZETAS = [pow(17, r, Q) for r in REVERSED]
GAMMAS = [pow(17, 2 * r + 1, Q) for r in REVERSED]


def h(data):
    return hashlib.sha3_256(data).digest()


def g(data):
    out = hashlib.sha3_512(data).digest()
    return out[:32], out[32:]


def ntt(f):
    f, i, size = list(f), 1, 128
    while size >= 2:
        for start in range(0, N, 2 * size):
            zeta, i = ZETAS[i], i + 1
            for j in range(start, start + size):
                t = zeta * f[j + size]
                f[j], f[j + size] = (f[j] + t) % Q, (f[j] - t) % Q
        size //= 2
    return f


def inverse_ntt(f):
    f, i, size = list(f), 127, 2
    while size <= 128:
        for start in range(0, N, 2 * size):
            zeta, i = ZETAS[i], i - 1
            for j in range(start, start + size):
                t = f[j]
                f[j], f[j + size] = (t + f[j + size]) % Q, zeta * (f[j + size] - t) % Q
        size *= 2
    return [x * 3303 % Q for x in f]


def times(a, b):
    out = []
    for i, gamma in enumerate(GAMMAS):
        a0, a1, b0, b1 = a[2 * i], a[2 * i + 1], b[2 * i], b[2 * i + 1]
        out += [(a0 * b0 + a1 * b1 * gamma) % Q, (a0 * b1 + a1 * b0) % Q]
    return out


def plus(*polys):
    return [sum(c) % Q for c in zip(*polys)]


def dot(a, b):
    return plus(*(times(x, y) for x, y in zip(a, b)))


def pack(values, bits):
    n = sum(v << (bits * i) for i, v in enumerate(values))
    return n.to_bytes(len(values) * bits // 8, "little")


def unpack(data, bits):
    n = int.from_bytes(data, "little")
    return [n >> (bits * i) & ((1 << bits) - 1) for i in range(len(data) * 8 // bits)]


def compress(f, d):
    return [((x << d) + Q // 2) // Q % (1 << d) for x in f]


def decompress(f, d):
    return [(x * Q + (1 << (d - 1))) >> d for x in f]


def uniform(seed):
    """SampleNTT"""
    stream = hashlib.shake_128(seed).digest(1344)
    out = []
    for i in range(0, len(stream), 3):
        a, b, c = stream[i:i + 3]
        out += [v for v in (a + 256 * (b % 16), b // 16 + 16 * c) if v < Q]
    return out[:N]


def noise(seed, n):
    """SamplePolyCBD, eta = 2"""
    bits = unpack(hashlib.shake_256(seed + bytes([n])).digest(128), 1)
    return [(bits[4 * i] + bits[4 * i + 1] - bits[4 * i + 2] - bits[4 * i + 3]) % Q
            for i in range(N)]


def matrix(rho):
    return [[uniform(rho + bytes([j, i])) for j in range(K)] for i in range(K)]


def vectors(data):
    return [data[384 * i:384 * i + 384] for i in range(K)]


def keygen(seed):
    """d || z -> (ek, dk)"""
    d, z = seed[:32], seed[32:]
    rho, sigma = g(d + bytes([K]))
    s = [ntt(noise(sigma, i)) for i in range(K)]
    e = [ntt(noise(sigma, K + i)) for i in range(K)]
    t = [plus(dot(row, s), e[i]) for i, row in enumerate(matrix(rho))]
    ek = b"".join(pack(p, 12) for p in t) + rho
    dk = b"".join(pack(p, 12) for p in s) + ek + h(ek) + z
    return ek, dk


def encrypt(ek, m, r):
    t = [unpack(p, 12) for p in vectors(ek)]
    a = matrix(ek[384 * K:])
    y = [ntt(noise(r, i)) for i in range(K)]
    u = [plus(inverse_ntt(dot([a[j][i] for j in range(K)], y)), noise(r, K + i))
         for i in range(K)]
    v = plus(inverse_ntt(dot(t, y)), noise(r, 2 * K), decompress(unpack(m, 1), 1))
    return (b"".join(pack(compress(p, DU), DU) for p in u) + pack(compress(v, DV), DV))


def encaps(ek, m):
    """-> (ciphertext, secret); ValueError: a coefficient is not below q"""
    if len(ek) != PUBLIC or any(c >= Q for p in vectors(ek) for c in unpack(p, 12)):
        raise ValueError("not an encapsulation key")
    secret, r = g(m + h(ek))
    return encrypt(ek, m, r), secret


def decaps(dk, c):
    """-> secret; for a ciphertext that does not fit, one that nobody else has"""
    s = [unpack(p, 12) for p in vectors(dk)]
    ek, hashed, z = dk[1152:2336], dk[2336:2368], dk[2368:]
    u = [decompress(unpack(c[320 * i:320 * i + 320], DU), DU) for i in range(K)]
    v = decompress(unpack(c[960:], DV), DV)
    w = inverse_ntt(dot(s, [ntt(p) for p in u]))
    m = pack(compress([(a - b) % Q for a, b in zip(v, w)], 1), 1)
    secret, r = g(m + hashed)
    if encrypt(ek, m, r) != c:
        secret = hashlib.shake_256(z + c).digest(32)
    return secret
