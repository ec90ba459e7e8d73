using IngressController.Routing.Table;
using IngressController.Tls;

namespace IngressController.Views;

/// <param name="Host">The host, exact or wildcard; "(default)" for all others.</param>
/// <param name="Secret">The Secret that contains it; null for the self-signed one.</param>
/// <param name="Subject">The subject.</param>
/// <param name="Issuer">The issuer.</param>
/// <param name="SerialNumber">The serial number in hex.</param>
/// <param name="NotBefore">The start of its validity.</param>
/// <param name="NotAfter">The end of its validity.</param>
/// <param name="IsValidNow">True if the current time is within its validity; it is served either way.</param>
/// <param name="DnsNames">The names that it is valid for.</param>
/// <param name="Problem">The reason why it could not be loaded and the self-signed one is served instead; null when it is served.</param>
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
