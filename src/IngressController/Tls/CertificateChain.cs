using System.Collections.ObjectModel;
using System.Net.Security;
using System.Runtime.CompilerServices;
using System.Security.Cryptography.X509Certificates;

namespace IngressController.Tls;

/// <summary>
/// Makes the TLS context of a certificate and its chain. <see cref="SslStreamCertificateContext.Create(X509Certificate2, X509Certificate2Collection?, bool)"/>
/// builds a chain of its own, and ends it at a root that the machine trusts: a client that knows only the root behind a cross-signed
/// certificate could not verify it.
/// </summary>
internal static class CertificateChain
{
    /// <summary>The context that sends the chain as it stands.</summary>
    /// <param name="leaf">The certificate, with its private key.</param>
    /// <param name="others">What is sent after it, in this order.</param>
    public static SslStreamCertificateContext ContextOf(X509Certificate2 leaf, X509Certificate2Collection others)
    {
        try
        {
            return NewContext(leaf, new ReadOnlyCollection<X509Certificate2>([.. others]), null);
        }
        catch (MissingMethodException)
        {
            return BuiltContextOf(leaf, others);
        }
    }

    /// <summary>
    /// The context for a version of .NET without that constructor. The chain is built, but from the given certificates only: with trust in
    /// the last one, the trust store of the machine is not consulted. Certificates that are not part of the path to it are not sent.
    /// </summary>
    public static SslStreamCertificateContext BuiltContextOf(X509Certificate2 leaf, X509Certificate2Collection others) =>
        SslStreamCertificateContext.Create(
            leaf, others, offline: true, SslCertificateTrust.CreateForX509Collection([others.Count > 0 ? others[^1] : leaf], sendTrustInHandshake: false));

    // Not public, because clients of other operating systems need the built chain.
    [UnsafeAccessor(UnsafeAccessorKind.Constructor)]
    private static extern SslStreamCertificateContext NewContext(
        X509Certificate2 target, ReadOnlyCollection<X509Certificate2> intermediates, SslCertificateTrust? trust);
}
