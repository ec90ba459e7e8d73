using IngressController.Routing.Table;
using IngressController.Tls;

namespace IngressController.Views;

/// <param name="Host">The host, exact or wildcard; "(default)" for all others.</param>
/// <param name="Secret">Where it comes from; null for the self-signed one.</param>
/// <param name="Subject">Whom it names.</param>
/// <param name="Issuer">Who signed it.</param>
/// <param name="SerialNumber">Its number, as hex.</param>
/// <param name="NotBefore">When it begins to be valid.</param>
/// <param name="NotAfter">When it ends.</param>
/// <param name="IsValidNow">Whether clients that check dates accept it now; it is served either way.</param>
/// <param name="DnsNames">The names it is valid for.</param>
/// <param name="Problem">Why it could not be loaded and the self-signed one is served instead; null when it serves.</param>
internal sealed record CertificateView(
    string Host, string? Secret, string Subject, string Issuer, string? SerialNumber, DateTimeOffset? NotBefore, DateTimeOffset? NotAfter,
    bool IsValidNow, string[] DnsNames, string? Problem)
{
    private const string SelfSigned = "self-signed at start";

    public static CertificateView Of(string host, ServerCertificate served, TlsBinding? binding, DateTimeOffset now) => served.Certificate is { } certificate
        ? new(
            host, binding?.Secret?.ToString(), certificate.Subject, certificate.Issuer, certificate.SerialNumber, certificate.NotBefore, certificate.NotAfter,
            certificate.NotBefore <= now && now <= certificate.NotAfter, [.. certificate.DnsNames], served.Problem)
        : new(host, null, SelfSigned, SelfSigned, null, null, null, true, [], null);
}
