using static IngressController.Routing.Annotations.AnnotationSupport;

namespace IngressController.Routing.Annotations;

/// <summary>Known annotations without effect: not yet supported, or never.</summary>
internal static class ForeignAnnotations
{
    private const string Snippet =
        "write what it does as annotations: request-headers, response-headers, permanent-redirect, allowlist-source-range, auth-url and the like. "
        + "Raw configuration is never run here";

    private const string Waf = "put a web application firewall in front of the controller or into the application";

    private const string Gone = "remove it: ingress-nginx itself had dropped it";

    /// <summary>A canary taken for an ordinary Ingress would get all traffic, so its rules are ignored.</summary>
    public static AnnotationKey<bool> Canary { get; } = new()
    {
        Name = "canary",
        Form = ValueForms.Boolean,
        Default = "false",
        Documentation = "Sends a part of the traffic of another Ingress with the same host and path to this one's backend. Until it is supported, the rules "
            + "of an Ingress with canary \"true\" are left out.",
        Support = new NotYet(),
    };

    public static IReadOnlyList<AnnotationGroup> Groups { get; } =
    [
        new("Not yet supported",
        [
            Canary,
            .. NotYet(
                ("canary-by-header", "The request header that decides about the canary."),
                ("canary-by-header-value", "The value of that header that means the canary."),
                ("canary-by-header-pattern", "A pattern of values of that header that means the canary."),
                ("canary-by-cookie", "The cookie that decides about the canary."),
                ("canary-weight", "How many of canary-weight-total requests go to the canary."),
                ("canary-weight-total", "What canary-weight is a part of."),
                ("affinity", "Keeps a client at one endpoint: cookie."),
                ("affinity-mode", "balanced or persistent."),
                ("affinity-canary-behavior", "sticky or legacy."),
                ("session-cookie-name", "The name of the affinity cookie."),
                ("session-cookie-path", "Its path."),
                ("session-cookie-domain", "Its domain."),
                ("session-cookie-max-age", "Its Max-Age, in seconds."),
                ("session-cookie-expires", "Its Expires, in seconds from now."),
                ("session-cookie-samesite", "Its SameSite."),
                ("session-cookie-secure", "Whether it is always Secure."),
                ("session-cookie-conditional-samesite-none", "Leaves SameSite=None out for clients that misread it."),
                ("session-cookie-change-on-failure", "Whether a failed endpoint gives a new cookie."),
                ("session-affinity", "Session affinity as YARP's configuration has it."),
                ("load-balance", "round_robin or ewma."),
                ("load-balancing", "YARP's load balancing policy."),
                ("upstream-hash-by", "Chooses the endpoint by a hash of a value of the request."),
                ("upstream-hash-by-subset", "Whether the hash chooses several endpoints."),
                ("upstream-hash-by-subset-size", "How many."),
                ("service-upstream", "Sends to the Service's cluster IP instead of its endpoints."),
                ("health-check", "YARP's active and passive health checks."),
                ("http-client", "YARP's settings of the client towards the backend."),
                ("http-request", "YARP's settings of requests towards the backend."),
                ("proxy-connect-timeout", "How long a connection to an endpoint may take, in seconds. The option of the same name counts for all."),
                ("proxy-read-timeout", "How long the backend may be silent, in seconds. The option of the same name counts for all."),
                ("proxy-send-timeout", "How long the backend may not take data, in seconds."),
                ("timeout", "How long a request may take."),
                ("timeout-policy", "A named time-out."),
                ("proxy-next-upstream", "After which failures another endpoint is tried. A connection that is refused is tried once elsewhere already."),
                ("proxy-next-upstream-tries", "How often."),
                ("proxy-next-upstream-timeout", "For how long, in seconds."),
                ("proxy-http-version", "The HTTP version towards the backend."),
                ("mirror-target", "Where a copy of each request goes."),
                ("mirror-host", "The Host of the copy."),
                ("mirror-request-body", "Whether the copy has the body."),
                ("proxy-ssl-secret", "The client certificate and the CA towards the backend."),
                ("proxy-ssl-verify", "Whether the backend's certificate is verified."),
                ("proxy-ssl-verify-depth", "How long its chain may be."),
                ("proxy-ssl-name", "The name it must have."),
                ("proxy-ssl-server-name", "Whether that name is sent (SNI)."),
                ("proxy-ssl-ciphers", "The ciphers towards the backend."),
                ("proxy-ssl-protocols", "The TLS versions towards the backend."),
                ("custom-http-errors", "Which statuses the default-backend answers instead."),
                ("default-backend", "The Service that answers when the rule's has no endpoints, and custom-http-errors."),
                ("disable-proxy-intercept-errors", "Leaves the backend's own errors alone."),
                ("auth-tls-verify-client", "Whether a client certificate is needed."),
                ("auth-tls-verify-depth", "How long the client's chain may be."),
                ("auth-tls-error-page", "Where clients without a certificate are sent."),
                ("auth-tls-pass-certificate-to-upstream", "Whether the backend gets the certificate."),
                ("enable-access-log", "Whether requests are logged."),
                ("enable-opentelemetry", "Whether requests are traced."),
                ("opentelemetry-trust-incoming-span", "Whether the client's trace goes on."),
                ("opentelemetry-operation-name", "The name of the span."),
                ("ssl-passthrough", "Passes TLS on to the backend without ending it."),
                ("ssl-ciphers", "The ciphers towards clients of the host.")),
            // They control access, so they fail closed until they are supported.
            .. NotYet(OnBadValue.CloseRoute,
                ("auth-tls-secret", "The CA whose client certificates are let in. Until it is supported, the paths of the Ingress answer 503."),
                ("auth-tls-match-cn", "Which subjects of client certificates are let in. Until it is supported, the paths of the Ingress answer 503.")),
        ]),
        new("Without effect", NoOps(
            ("proxy-request-buffering", "Bodies stream to the backend as they come."),
            ("proxy-buffering", "Responses stream to the client as they come."),
            ("proxy-buffer-size", "There is no such buffer; response headers may have 64 KiB."),
            ("proxy-buffers-number", "There are no such buffers."),
            ("proxy-busy-buffers-size", "There are no such buffers."),
            ("proxy-max-temp-file-size", "Nothing is written to files."),
            ("client-body-buffer-size", "Bodies are not buffered."),
            ("connection-proxy-header", "Connections to endpoints are kept and counted by the proxy itself."),
            ("auth-keepalive", "Connections to the authentication service are always kept."),
            ("auth-keepalive-requests", "Connections to the authentication service are always kept."),
            ("auth-keepalive-timeout", "Connections to the authentication service are always kept."),
            ("auth-keepalive-share-vars", "Connections to the authentication service are always kept."),
            ("ssl-prefer-server-ciphers", "TLS 1.2 and 1.3 with good ciphers only: the order does not matter."),
            ("enable-rewrite-log", "explain shows how a request is rewritten."),
            ("http2-push-preload", "Browsers have dropped HTTP/2 push."))),
        new("Not supported",
        [
            .. Never(Snippet, "configuration-snippet", "server-snippet", "stream-snippet", "auth-snippet"),
            .. Never(Waf, "modsecurity-snippet", "enable-modsecurity", "enable-owasp-core-rules", "modsecurity-transaction-id"),
            .. Never("put an HTTP server in front of the FastCGI application", "fastcgi-index", "fastcgi-params-configmap"),
            .. Never("use rate-limit with rate-limit-scope cluster",
                "global-rate-limit", "global-rate-limit-window", "global-rate-limit-key", "global-rate-limit-ignored-cidrs"),
            .. Never("use backend-protocol HTTPS or GRPC", "secure-backends", "grpc-backend"),
            .. Never("use rewrite-target", "add-base-url", "base-url-scheme"),
            .. Never("use proxy-ssl-secret", "secure-verify-ca-secret"),
            .. Never("use enable-opentelemetry", "enable-opentracing", "opentracing-trust-incoming-span"),
            .. Never(Gone, "session-cookie-hash", "enable-influxdb", "influxdb-measurement", "influxdb-port", "influxdb-host", "influxdb-server-name",
                "upstream-max-fails", "upstream-fail-timeout"),
        ]),
    ];

    /// <summary>True if a raw piece of nginx configuration may control access: ignoring it is reported as an error.</summary>
    public static bool MayProtect(string snippet) =>
        ((string[])["deny ", "allow ", "auth_", "return 401", "return 403", "return 444", "satisfy ", "limit_req", "limit_conn", "SecRule", "ssl_verify"])
        .Any(word => snippet.Contains(word, StringComparison.OrdinalIgnoreCase));

    private static IEnumerable<AnnotationKey> NotYet(params (string Name, string Documentation)[] keys) => NotYet(OnBadValue.UseDefault, keys);

    private static IEnumerable<AnnotationKey> NotYet(OnBadValue onBadValue, params (string Name, string Documentation)[] keys) =>
        keys.Select(key => Key(key.Name, key.Documentation, new NotYet()) with { OnBadValue = onBadValue });

    private static IReadOnlyList<AnnotationKey> NoOps(params (string Name, string Why)[] keys) =>
        [.. keys.Select(key => Key(key.Name, key.Why, new NoOp(key.Why)))];

    private static IEnumerable<AnnotationKey> Never(string instead, params string[] names) =>
        names.Select(name => Key(name, $"Not supported: {instead}.", new Never(instead)));

    private static AnnotationKey<string> Key(string name, string documentation, AnnotationSupport support) => new()
    {
        Name = name,
        Documentation = documentation,
        Support = support,
        Form = ValueForms.Text with { AllowsLines = true },
    };
}
