"""A CA for one test run, and the certificates that a test needs of it: also those
that must be refused. Keys are P-256."""

import datetime
import ipaddress
import os
import subprocess

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

DAY = datetime.timedelta(days=1)
SERVER, CLIENT = ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH


def now():
    return datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)


def name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def host(h):
    if isinstance(h, x509.GeneralName):
        return h
    if h.startswith("conclave:"):
        return x509.UniformResourceIdentifier(h)
    try:
        return x509.IPAddress(ipaddress.ip_address(h))
    except ValueError:
        return x509.DNSName(h)


def pem(*certificates):
    return b"".join(c.public_bytes(serialization.Encoding.PEM) for c in certificates)


def key_pem(key):
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                             serialization.NoEncryption())


def write(path, data):
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as f:
        f.write(data)
    return str(path)


class CA:
    def __init__(self, folder, cn="test CA", key=None, signed_by=None, ca=True):
        self.folder, self.cn = folder, cn
        self.key = key or ec.generate_private_key(ec.SECP256R1())
        self.certificate = (signed_by or self).issue(cn, self.key, ca=ca, sign=self)
        self.path = write(folder / (cn.replace(" ", "-") + ".pem"), pem(self.certificate))
        self.serial = 0

    def issue(self, cn, key, hosts=(), purpose=None, ca=False, before=-DAY, after=30 * DAY,
              digest=hashes.SHA256(), sign=None):
        issuer = name(self.cn) if sign is None or sign is self else self.certificate.subject
        b = (x509.CertificateBuilder().subject_name(name(cn)).issuer_name(issuer)
             .public_key(key.public_key() if hasattr(key, "public_key") else key).serial_number(x509.random_serial_number())
             .not_valid_before(now() + before).not_valid_after(now() + after)
             .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True))
        if hosts:
            b = b.add_extension(x509.SubjectAlternativeName([host(h) for h in hosts]), False)
        if purpose:
            b = b.add_extension(x509.ExtendedKeyUsage([purpose]), False)
        return b.sign(self.key, digest)

    def files(self, cn, hosts=("localhost", "127.0.0.1"), purpose=SERVER, key=None, chain=(),
              **more):
        """The paths of a new certificate, with its chain, and of its key."""
        key = key or ec.generate_private_key(ec.SECP256R1())
        c = self.issue(cn, key, hosts, purpose, **more)
        stem = self.folder / cn.replace(" ", "-")
        return (write("%s.pem" % stem, pem(c, *chain)), write("%s.key" % stem, key_pem(key)))

    def member(self, who, key, stem=None, **more):
        """The path of a member's certificate for an Ed25519 key (its public half)."""
        c = self.issue(who, key, hosts=more.pop("hosts", ["conclave:" + who]),
                       purpose=more.pop("purpose", CLIENT), **more)
        return write(self.folder / ("member-%s.pem" % (stem or who)), pem(c))

    def sha1(self, cn, purpose):
        """The paths of a certificate that is signed with SHA-1, which newer versions of
        cryptography refuse to make, and of its key."""
        stem = str(self.folder / cn.replace(" ", "-"))
        key = write(stem + ".key", key_pem(ec.generate_private_key(ec.SECP256R1())))
        issuer = write(stem + ".issuer", key_pem(self.key))
        ext = write(stem + ".ext", b"subjectAltName=DNS:localhost\nextendedKeyUsage=%s\n" % (
            b"serverAuth" if purpose is SERVER else b"clientAuth"))
        for argv in (["req", "-new", "-key", key, "-subj", "/CN=" + cn, "-out", stem + ".csr"],
                     ["x509", "-req", "-sha1", "-in", stem + ".csr", "-CA", self.path, "-CAkey",
                      issuer, "-set_serial", "7", "-days", "30", "-extfile", ext,
                      "-out", stem + ".pem"]):
            subprocess.run(["openssl", *argv], check=True, capture_output=True, timeout=60)
        return stem + ".pem", key

    def crl(self, *paths, until=30 * DAY):
        """The file of a list that revokes the certificates in these files."""
        b = (x509.CertificateRevocationListBuilder().issuer_name(name(self.cn))
             .last_update(now() - DAY).next_update(now() + until))
        for p in paths:
            with open(p, "rb") as f:
                serial = x509.load_pem_x509_certificate(f.read()).serial_number
            b = b.add_revoked_certificate(
                x509.RevokedCertificateBuilder().serial_number(serial)
                .revocation_date(now() - DAY).build())
        self.serial += 1
        return write(self.folder / ("crl-%d.pem" % self.serial),
                     b.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))


def small_rsa():
    return rsa.generate_private_key(65537, 1024)
