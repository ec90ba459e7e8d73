using System.Globalization;
using IngressController.Routing.Annotations;
using IngressController.Routing.Diagnostics;
using IngressController.Routing.Table;

namespace IngressController.Routing.Features.ErrorPages;

/// <summary>A Service that answers in place of a backend that cannot, and its pages for errors.</summary>
public static class ErrorPagesFeature
{
    private const int MinCode = 400;

    private const int MaxCode = 599;

    /// <summary>Status codes of errors, in order, without duplicates.</summary>
    internal static ValueForm<EquatableArray<int>> CodesForm { get; } = ValueForms.List.Select(ReadCodes, "a comma-separated list of status codes from 400 to 599");

    private static ValueForm<string> ServiceForm { get; } = new("the name of a Service in the namespace of the Ingress", text =>
        text.Contains('/') ? ValueForm<string>.Refuse("is not the name of a Service in the namespace of the Ingress; write it without a namespace")
        : IsServiceName(text) ? text
        : ValueForm<string>.Refuse("is not the name of a Service"));

    public static AnnotationKey<EquatableArray<int>> CustomHttpErrors { get; } = new()
    {
        Name = "custom-http-errors",
        Difference = "A page never changes the status of a request that the proxy has refused itself, such as 401, 403 or 413. It gets neither Authorization nor conditions of the client.",
        Form = CodesForm,
        DefaultSetting = new("custom-http-errors", "none"),
        Documentation = "The statuses of the backend, and of the proxy itself, whose responses are replaced by a page. The page is the response to GET / "
            + "of default-backend; without that annotation, or while its Service has no endpoint, of the option --default-backend-service. It gets X-Code "
            + "(the status), X-Format (the Accept header of the client), X-Original-URI, X-Namespace, X-Ingress-Name, X-Service-Name, X-Service-Port and "
            + "X-Request-ID, the forwarding headers, and of the client Accept, Accept-Encoding, Accept-Language, Cookie, Referer and User-Agent. The status of the page is that of the response, except "
            + "where the proxy has refused the request itself (401, 403, 413, 429 and others): such a status never changes. If there is no page, the response has "
            + "the original status and a short text. gRPC is not changed. The list takes the place of that of the setting.",
    };

    public static AnnotationKey<string> DefaultBackend { get; } = new()
    {
        Name = "default-backend",
        Form = ServiceForm,
        Documentation = "The Service, by its first port, that serves requests while the Service of the rule does not exist or has no ready endpoint, after all access checks. It gets "
            + "them unchanged, with X-Code (503), X-Format, X-Namespace, X-Ingress-Name, X-Service-Name and X-Service-Port added, in the protocol of its port "
            + "(appProtocol). It has the pages for custom-http-errors too. While it does not exist or has no ready endpoint, it is ignored.",
    };

    public static AnnotationKey<bool> DisableInterception { get; } = new()
    {
        Name = "disable-proxy-intercept-errors",
        Form = ValueForms.Boolean,
        DefaultSetting = new("disable-proxy-intercept-errors", "false"),
        Documentation = "Passes on the errors of the backend: custom-http-errors then concerns those of the proxy itself only, such as 502, 503 and 504.",
    };

    public static RouteFeature Feature { get; } = new("Error pages", [CustomHttpErrors, DefaultBackend, DisableInterception], Read) { Settings = ErrorPageSettings.Keys };

    private static IEnumerable<RoutePolicy> Read(PolicyContext context)
    {
        var (annotations, settings) = (context.Annotations, context.Settings.Get<ErrorPageSettings>());
        var codes = annotations.Read(CustomHttpErrors, settings.Codes);
        BackendId? own = annotations.TryRead(DefaultBackend, out var service) ? new BackendId(context.Ingress with { Name = service }, "") : null;
        var passesOn = annotations.Read(DisableInterception, settings.PassesOnBackendErrors);
        if (own is null && context.DefaultBackend is null && annotations.IsSet(CustomHttpErrors))
        {
            annotations.Report(CustomHttpErrors, (ingress, field) => DiagnosticCatalog.AnnotationWithoutEffect(
                ingress, field, "no Service has a page: set default-backend, or let the operator set --default-backend-service"));
        }

        if (codes.Count == 0 && passesOn && annotations.IsSet(DisableInterception))
            annotations.Report(DisableInterception, (ingress, field) => DiagnosticCatalog.AnnotationWithoutEffect(ingress, field, "custom-http-errors is not set"));
        if (own is null && context.DefaultBackend is null)
            codes = [];
        if (own is not null || codes.Count > 0)
            yield return new ErrorPagesPolicy(codes, own, codes.Count > 0 ? context.DefaultBackend : null, passesOn && codes.Count > 0);
    }

    private static Parsed<EquatableArray<int>> ReadCodes(EquatableArray<string> words)
    {
        var codes = new SortedSet<int>();
        foreach (var word in words)
        {
            if (!int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out var code) || code is < MinCode or > MaxCode)
                return ValueForm<EquatableArray<int>>.Refuse($"contains \"{DiagnosticText.Shorten(word)}\", which is not a status code from {MinCode} to {MaxCode}");
            codes.Add(code);
        }

        return codes.Count > 0 ? new EquatableArray<int>([.. codes]) : ValueForm<EquatableArray<int>>.Refuse("contains no status code");
    }

    /// <summary>A DNS label, of which Kubernetes lets a Service begin with a digit in newer versions.</summary>
    private static bool IsServiceName(string text) =>
        text.Length <= 63 && text.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-') && text[0] != '-' && text[^1] != '-';
}
