using static IngressController.Routing.Annotations.AnnotationSupport;

namespace IngressController.Routing.Annotations;

/// <summary>Annotations that older releases of ingress-nginx had, and its last one does not.</summary>
internal static class FormerAnnotations
{
    private const string Gone = "remove it: nothing replaces it";

    private const string LuaWaf = "remove it: run a web application firewall in front of the controller or in the application";

    public static AnnotationGroup Group { get; } = new("Of older ingress-nginx releases",
    [
        .. Former("use backend-protocol HTTPS", "secure-backends", "secure-upstream"),
        .. Former("use backend-protocol GRPC", "grpc-backend"),
        .. Former("use proxy-ssl-secret", "secure-verify-ca-secret", "secure-verify-ca"),
        .. Former("use rewrite-target with a path of its own for assets", "add-base-url", "base-url-scheme"),
        .. Former("mirror-target replaced it, which is not supported yet", "mirror-uri"),
        .. Former("enable-opentelemetry replaced it, which is not supported yet", "enable-opentracing"),
        .. Former("opentelemetry-trust-incoming-span replaced it, which is not supported yet", "opentracing-trust-incoming-span", "opentelemetry-trust-incoming-spans"),
        .. Former("use rate-limit with rate-limit-scope cluster",
            "global-rate-limit", "global-rate-limit-window", "global-rate-limit-key", "global-rate-limit-ignored-cidrs"),
        .. Former("remove it: explain shows how a request is rewritten", "rewrite-log"),
        .. Former("remove it: responses are streamed without such buffers", "proxy-buffer-number"),
        .. Former("remove it: the metrics of the admin port count requests by Ingress", "vts-filter-key"),
        .. Former("remove it: the authentication service gets no request body", "auth-send-body"),
        .. Former("use request-headers or another annotation; raw nginx configuration is never executed", "proxy-pass-params"),
        .. Former(LuaWaf, "lua-resty-waf", "lua-resty-waf-debug", "lua-resty-waf-ignore-rulesets", "lua-resty-waf-extra-rules",
            "lua-resty-waf-allow-unknown-content-types", "lua-resty-waf-score-threshold", "lua-resty-waf-process-multipart-body",
            "lua-resty-waf-disable-multipart-body"),
        .. Former(Gone, "session-cookie-hash", "enable-influxdb", "influxdb-measurement", "influxdb-port", "influxdb-host", "influxdb-server-name",
            "upstream-max-fails", "upstream-fail-timeout"),
    ]);

    private static IEnumerable<AnnotationKey> Former(string instead, params string[] names) =>
        names.Select(name => ForeignAnnotations.Key(name, $"Not supported; {instead}.", new Never(instead) { IsFormer = true }));
}
