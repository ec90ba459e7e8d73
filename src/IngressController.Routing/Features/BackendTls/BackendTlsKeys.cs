using System.Net;
using System.Security.Authentication;
using IngressController.Routing.Annotations;

namespace IngressController.Routing.Features.BackendTls;

/// <summary>The annotations of TLS to backends.</summary>
internal static class BackendTlsKeys
{
    private const string Ignored = "It applies with proxy-ssl-secret, or one of the annotations backend-tls-*; alone it has no effect, as in ingress-nginx.";

    public static AnnotationKey<ResourceName> Secret { get; } = new()
    {
        Name = "proxy-ssl-secret",
        Difference = "The other proxy-ssl-* annotations apply with a Secret without ca.crt too.",
        Form = new("NAMESPACE/NAME of a Secret in the namespace of the Ingress", text =>
            ResourceName.TryParse(text, out var name) ? name : ValueForm<ResourceName>.Refuse("is not NAMESPACE/NAME")),
        OnBadValue = OnBadValue.CloseRoute,
        Documentation = "The Secret with the TLS material of connections to the backend: the client certificate (tls.crt, tls.key), the authorities to verify the backend "
            + "with (ca.crt), or both. A renewed Secret is used for new connections at once. While it does not exist or is invalid, the paths answer 503. "
            + "It does not select https: see backend-protocol.",
    };

    public static AnnotationKey<bool> Verify { get; } = new()
    {
        Name = "proxy-ssl-verify",
        Difference = "on without ca.crt, and an invalid value, answer 503; ingress-nginx verifies nothing then. ExternalName Services are verified unless it is off.",
        Form = ValueForms.OnOff,
        OnBadValue = OnBadValue.CloseRoute,
        Default = "off; on with backend-tls-ca, and for ExternalName Services",
        Documentation = "Verifies the certificate of the backend with the authorities in ca.crt of proxy-ssl-secret, for the name proxy-ssl-name. On without ca.crt, the paths "
            + $"answer 503. off also accepts any certificate of an ExternalName Service. {Ignored}",
    };

    public static AnnotationKey<int> VerifyDepth { get; } = new()
    {
        Name = "proxy-ssl-verify-depth",
        Form = ValueForms.Integer(0, 100).Select<int>(depth => Math.Max(depth, 1), "a whole number from 0 to 100; 0 means 1"),
        Default = "1",
        Documentation = $"The number of intermediate certificates that the backend's certificate may need to reach the authority, as OpenSSL counts. {Ignored}",
    };

    public static AnnotationKey<string> Name { get; } = new()
    {
        Name = "proxy-ssl-name",
        Difference = "With proxy-ssl-verify on it is required, except for ExternalName Services; ingress-nginx compares certificates with a name that none has.",
        Form = ServerNameForm,
        OnBadValue = OnBadValue.CloseRoute,
        Documentation = "The name that the backend's certificate must be valid for, and that proxy-ssl-server-name sends. Without it, an ExternalName Service is verified for its "
            + $"external name; other Services have no name, so with proxy-ssl-verify on their paths answer 503. {Ignored}",
    };

    public static AnnotationKey<bool> SendName { get; } = new()
    {
        Name = "proxy-ssl-server-name",
        Difference = "on by default for ExternalName Services.",
        Form = ValueForms.OnOff,
        Default = "off; on with backend-tls-server-name, and for ExternalName Services",
        Documentation = $"Sends proxy-ssl-name to the backend (SNI). {Ignored}",
    };

    public static AnnotationKey<SslProtocols> Protocols { get; } = new()
    {
        Name = "proxy-ssl-protocols",
        Difference = "TLSv1.3 is on by default.",
        Form = new("TLSv1.2, TLSv1.3 or both, separated by spaces", ReadProtocols),
        Default = "TLSv1.2 TLSv1.3",
        Documentation = $"The TLS versions for connections to the backend. {Ignored}",
    };

    public static AnnotationKey<CipherList> Ciphers { get; } = new()
    {
        Name = "proxy-ssl-ciphers",
        Difference = "A list without a usable cipher has no effect.",
        Form = CipherList.Form,
        Default = "DEFAULT",
        Documentation = "The ciphers of TLS 1.2 for connections to the backend, in order of preference. Names and words are those of openssl-ciphers(1); unknown ones are "
            + $"ignored. Those of TLS 1.3 are always enabled, as OpenSSL does. {Ignored}",
    };

    public static AnnotationKey<ResourceName> ClientCertificate { get; } = new()
    {
        Name = "backend-tls-client-certificate",
        Form = ValueForms.OwnObject("Secret"),
        OnBadValue = OnBadValue.CloseRoute,
        Documentation = "The Secret with the client certificate for the backend (tls.crt, tls.key). It takes precedence over that of proxy-ssl-secret. A renewed Secret is used "
            + "for new connections at once. While it does not exist or is invalid, the paths answer 503.",
    };

    public static AnnotationKey<ResourceName> Authorities { get; } = new()
    {
        Name = "backend-tls-ca",
        Form = ValueForms.OwnObject("ConfigMap"),
        OnBadValue = OnBadValue.CloseRoute,
        Documentation = "The ConfigMap with the authorities (ca.crt) that the backend's certificate is verified with, for the name backend-tls-server-name. It takes precedence over ca.crt "
            + "of proxy-ssl-secret, and verification is on. While the ConfigMap does not exist or is invalid, or the backend's protocol is cleartext, the paths answer 503.",
    };

    public static AnnotationKey<string> ServerName { get; } = new()
    {
        Name = "backend-tls-server-name",
        Form = ServerNameForm,
        OnBadValue = OnBadValue.CloseRoute,
        Documentation = "The name that is sent to the backend (SNI) and that its certificate must be valid for, where it is verified. It takes precedence over proxy-ssl-name.",
    };

    public static IReadOnlyList<AnnotationKey> All { get; } =
        [ClientCertificate, Authorities, ServerName, Secret, Verify, VerifyDepth, Name, SendName, Protocols, Ciphers];

    private static ValueForm<string> ServerNameForm => new("a DNS name or an IP address", text =>
        IPAddress.TryParse(text, out var address) ? address.ToString()
        : HostName.Normalize(text, out var reason) is not { } name ? ValueForm<string>.Refuse(reason)
        : name.StartsWith('*') ? ValueForm<string>.Refuse("is a wildcard; write a name that the certificate is valid for")
        : name);

    private static Parsed<SslProtocols> ReadProtocols(string text)
    {
        var versions = SslProtocols.None;
        foreach (var word in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            switch (word)
            {
                case "TLSv1.2":
                    versions |= SslProtocols.Tls12;
                    break;
                case "TLSv1.3":
                    versions |= SslProtocols.Tls13;
                    break;
                default:
                    return ValueForm<SslProtocols>.Refuse("is not TLSv1.2, TLSv1.3 or both, separated by spaces");
            }
        }

        return versions;
    }
}
