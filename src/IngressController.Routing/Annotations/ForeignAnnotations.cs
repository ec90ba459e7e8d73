using static IngressController.Routing.Annotations.AnnotationSupport;

namespace IngressController.Routing.Annotations;

/// <summary>Known annotations without effect: not yet supported, or never.</summary>
internal static class ForeignAnnotations
{
    private const string Snippet =
        "use annotations instead, such as request-headers, response-headers, permanent-redirect, allowlist-source-range or auth-url. Raw nginx "
        + "configuration is never executed";

    private const string Waf = "run a web application firewall in front of the controller or in the application";

    private const string Gone = "remove it; ingress-nginx has removed it, too";

    /// <summary>A canary taken for an ordinary Ingress would get all traffic, so its rules are ignored.</summary>
    public static AnnotationKey<bool> Canary { get; } = new()
    {
        Name = "canary",
        Form = ValueForms.Boolean,
        Default = "false",
        Documentation = "Sends part of the traffic of another Ingress with the same host and path to the backend of this one. Until it is supported, "
            + "the rules of an Ingress with canary \"true\" are ignored.",
        Support = new NotYet(),
    };

    public static IReadOnlyList<AnnotationGroup> Groups { get; } =
    [
        new("Not yet supported",
        [
            Canary,
            .. NotYet(
                ("canary-by-header", "The request header that selects the canary."),
                ("canary-by-header-value", "The value of that header that selects the canary."),
                ("canary-by-header-pattern", "A pattern for the values of that header that select the canary."),
                ("canary-by-cookie", "The cookie that selects the canary."),
                ("canary-weight", "The number of requests, out of canary-weight-total, that go to the canary."),
                ("canary-weight-total", "The total that canary-weight is a part of."),
                ("affinity", "Keeps a client on one endpoint: cookie."),
                ("affinity-mode", "The mode of the affinity: balanced or persistent."),
                ("affinity-canary-behavior", "The affinity of canaries: sticky or legacy."),
                ("session-cookie-name", "The name of the affinity cookie."),
                ("session-cookie-path", "The Path of the affinity cookie."),
                ("session-cookie-domain", "The Domain of the affinity cookie."),
                ("session-cookie-max-age", "The Max-Age of the affinity cookie, in seconds."),
                ("session-cookie-expires", "The Expires of the affinity cookie, in seconds from now."),
                ("session-cookie-samesite", "The SameSite of the affinity cookie."),
                ("session-cookie-secure", "Always sets Secure on the affinity cookie."),
                ("session-cookie-conditional-samesite-none", "Omits SameSite=None for clients that misread it."),
                ("session-cookie-change-on-failure", "Sets a new affinity cookie when the endpoint fails."),
                ("session-affinity", "Session affinity in the format of YARP's configuration."),
                ("load-balance", "The load balancing algorithm: round_robin or ewma."),
                ("load-balancing", "YARP's load balancing policy."),
                ("upstream-hash-by", "Selects the endpoint by a hash of a value of the request."),
                ("upstream-hash-by-subset", "Selects a subset of endpoints by the hash."),
                ("upstream-hash-by-subset-size", "The size of that subset."),
                ("service-upstream", "Sends requests to the cluster IP of the Service instead of its endpoints."),
                ("health-check", "YARP's active and passive health checks."),
                ("http-client", "YARP's settings of the HTTP client for the backend."),
                ("http-request", "YARP's settings of requests to the backend."),
                ("proxy-connect-timeout", "The time limit for a connection to an endpoint, in seconds. The option of the same name applies to all Ingresses."),
                ("proxy-read-timeout", "The time that the backend may be idle, in seconds. The option of the same name applies to all Ingresses."),
                ("proxy-send-timeout", "The time for which the backend may accept no data, in seconds."),
                ("timeout", "The time limit for a request."),
                ("timeout-policy", "A named timeout."),
                ("proxy-next-upstream", "The failures after which another endpoint is tried. A refused connection is already retried once on another endpoint."),
                ("proxy-next-upstream-tries", "The maximum number of attempts."),
                ("proxy-next-upstream-timeout", "The time limit for all attempts, in seconds."),
                ("proxy-http-version", "The HTTP version of requests to the backend."),
                ("mirror-target", "The URL that gets a copy of each request."),
                ("mirror-host", "The Host of the copy."),
                ("mirror-request-body", "Sends the body with the copy."),
                ("proxy-ssl-secret", "The client certificate and the CA for connections to the backend."),
                ("proxy-ssl-verify", "Verifies the backend's certificate."),
                ("proxy-ssl-verify-depth", "The maximum length of the backend's certificate chain."),
                ("proxy-ssl-name", "The name that the backend's certificate must have."),
                ("proxy-ssl-server-name", "Sends that name to the backend (SNI)."),
                ("proxy-ssl-ciphers", "The TLS ciphers for connections to the backend."),
                ("proxy-ssl-protocols", "The TLS versions for connections to the backend."),
                ("custom-http-errors", "The status codes for which default-backend answers instead."),
                ("default-backend", "The Service that answers if the rule's Service has no endpoints, and for custom-http-errors."),
                ("disable-proxy-intercept-errors", "Passes on the backend's own errors."),
                ("auth-tls-verify-client", "Requires a client certificate. With off, which is possible already, none is requested."),
                ("auth-tls-verify-depth", "The maximum length of the client's certificate chain."),
                ("auth-tls-error-page", "The page for clients without a certificate."),
                ("auth-tls-pass-certificate-to-upstream", "Passes the client certificate to the backend."),
                ("enable-access-log", "Logs requests."),
                ("enable-opentelemetry", "Traces requests."),
                ("opentelemetry-trust-incoming-span", "Continues the client's trace."),
                ("opentelemetry-operation-name", "The name of the span."),
                ("ssl-passthrough", "Passes TLS through to the backend without terminating it."),
                ("ssl-ciphers", "The TLS ciphers for clients of the host.")),
            // They control access, so they fail closed until they are supported.
            .. NotYet(OnBadValue.CloseRoute,
                ("auth-tls-secret", "The CA whose client certificates are allowed. Until it is supported, the paths of the Ingress answer 503 unless `auth-tls-verify-client` is off."),
                ("auth-tls-match-cn", "The subjects of client certificates that are allowed. Until it is supported, the paths of the Ingress answer 503.")),
        ]),
        new("Without effect", NoOps(
            ("proxy-request-buffering", "Request bodies are streamed to the backend."),
            ("proxy-buffering", "Responses are streamed to the client."),
            ("proxy-buffer-size", "There is no such buffer; response headers are limited to 64 KiB."),
            ("proxy-buffers-number", "There are no such buffers."),
            ("proxy-busy-buffers-size", "There are no such buffers."),
            ("proxy-max-temp-file-size", "Nothing is written to files."),
            ("client-body-buffer-size", "Bodies are not buffered."),
            ("connection-proxy-header", "The proxy manages connections to endpoints itself."),
            ("auth-keepalive", "Connections to the authentication service are always reused."),
            ("auth-keepalive-requests", "Connections to the authentication service are always reused."),
            ("auth-keepalive-timeout", "Connections to the authentication service are always reused."),
            ("auth-keepalive-share-vars", "Connections to the authentication service are always reused."),
            ("ssl-prefer-server-ciphers", "Only TLS 1.2 and 1.3 with strong ciphers are enabled, so the order does not matter."),
            ("enable-rewrite-log", "Use explain to see how a request is rewritten."),
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
        names.Select(name => Key(name, $"Not supported; {instead}.", new Never(instead)));

    private static AnnotationKey<string> Key(string name, string documentation, AnnotationSupport support) => new()
    {
        Name = name,
        Documentation = documentation,
        Support = support,
        Form = ValueForms.Text with { AllowsLines = true },
    };
}
