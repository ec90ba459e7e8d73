using System.Buffers;
using IngressController.Routing.Annotations;
using IngressController.Routing.Diagnostics;
using IngressController.Routing.Table;

namespace IngressController.Routing.Features.SessionAffinity;

/// <summary>Sessions: the requests of a client go to one endpoint.</summary>
public static class SessionAffinityFeature
{
    /// <summary>The characters of a Path attribute (RFC 6265, 4.1.1) that also appear in the path of a request.</summary>
    private static readonly SearchValues<char> PathCharacters = SearchValues.Create(
        "/!$%&'()*+,-.0123456789:=@ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~");

    private static readonly ValueForm<string> NameForm = new("the name of a cookie", text =>
        HttpToken.IsToken(text) ? text : ValueForm<string>.Refuse("is not the name of a cookie; use letters, digits, - and _"));

    private static readonly ValueForm<string> PathForm = new("a path that begins with /", text =>
        text[0] == '/' && !text.AsSpan().ContainsAnyExcept(PathCharacters)
            ? text
            : ValueForm<string>.Refuse("is not a path that a cookie can have; begin it with / and percent-encode other characters"));

    private static readonly ValueForm<string> DomainForm = new("a domain name", text =>
        HostName.Normalize(text.StartsWith('.') ? text[1..] : text, out _) is { Length: > 0 } name && !name.StartsWith('*')
            ? text.StartsWith('.') ? $".{name}" : name
            : ValueForm<string>.Refuse("is not a domain name"));

    private static readonly ValueForm<int> SecondsForm = ValueForms.Integer(int.MinValue).Select(seconds => new Parsed<int>(seconds, null), "a whole number of seconds");

    public static AnnotationKey<bool> Affinity { get; } = new()
    {
        Name = "affinity",
        Difference = "The cookie holds a keyed hash, so clients get a new cookie once after the move.",
        Form = new("cookie", text => text.Equals("cookie", StringComparison.OrdinalIgnoreCase) ? true : ValueForm<bool>.Refuse("is not \"cookie\"")),
        Default = "none",
        Documentation = "Keeps a client on one endpoint of the Service by a cookie, for the paths of this Ingress. A client without a valid cookie gets the "
            + "endpoint that load balancing selects, and a cookie in the response; a client with one gets no other. The value is a keyed hash that "
            + "shows no address. All replicas understand it, also after a restart, if they have the same key (--session-key-file; the Helm "
            + "chart makes one). If the endpoint is gone, the client gets another one and a new cookie. The backend receives the cookie, too.",
    };

    public static AnnotationKey<SessionMode> Mode { get; } = new()
    {
        Name = "affinity-mode",
        Form = ValueForms.OneOf(("balanced", SessionMode.Balanced), ("persistent", SessionMode.Persistent)),
        Default = "balanced",
        Documentation = "With balanced, a new endpoint takes over its share of the sessions: of 10 endpoints, an eleventh gets about 1 in 11, and all "
            + "other sessions stay. With persistent, a session stays on its endpoint for as long as it exists, and new endpoints get new sessions only.",
    };

    public static AnnotationKey<string> CookieName { get; } = new()
    {
        Name = "session-cookie-name",
        Form = NameForm,
        Default = "INGRESSCOOKIE",
        Documentation = "The name of the affinity cookie. Ingresses whose cookies reach the same paths need different names.",
    };

    public static AnnotationKey<string> CookiePath { get; } = new()
    {
        Name = "session-cookie-path",
        Form = PathForm,
        Default = "the path of the rule, or / for a regular expression",
        Documentation = "The Path of the affinity cookie: clients send the cookie for this path and those below it only.",
    };

    public static AnnotationKey<string> CookieDomain { get; } = new()
    {
        Name = "session-cookie-domain",
        Form = DomainForm,
        Default = "none (the host of the request only)",
        Documentation = "The Domain of the affinity cookie: clients send the cookie to this domain and those below it. Browsers ignore a cookie whose domain "
            + "does not include the host of the request.",
    };

    public static AnnotationKey<int> MaxAge { get; } = new()
    {
        Name = "session-cookie-max-age",
        Form = SecondsForm,
        Default = "none (until the browser closes)",
        Documentation = "The Max-Age of the affinity cookie: the time in seconds for which clients keep it. 0 or less makes them delete it.",
    };

    public static AnnotationKey<int> Expires { get; } = new()
    {
        Name = "session-cookie-expires",
        Form = SecondsForm,
        Default = "none (until the browser closes)",
        Documentation = "The Expires of the affinity cookie, in seconds from now, for clients that do not know Max-Age. Max-Age takes precedence.",
    };

    public static AnnotationKey<SameSite> CookieSameSite { get; } = new()
    {
        Name = "session-cookie-samesite",
        Form = ValueForms.OneOf(("None", SameSite.None), ("Lax", SameSite.Lax), ("Strict", SameSite.Strict)),
        Default = "none (browsers apply Lax)",
        Documentation = "The SameSite of the affinity cookie. Browsers accept None only together with Secure, so for clients that use https.",
    };

    public static AnnotationKey<bool> ConditionalNone { get; } = new()
    {
        Name = "session-cookie-conditional-samesite-none",
        Form = ValueForms.Boolean,
        Default = "false",
        Documentation = "Omits SameSite=None for browsers that take it for Strict: Chrome 40 to 69, all of iOS 12, and Safari of macOS 10.14.",
    };

    public static AnnotationKey<bool> Secure { get; } = new()
    {
        Name = "session-cookie-secure",
        Form = ValueForms.Boolean,
        Default = "false",
        Documentation = "Always sets Secure on the affinity cookie. With false, it is Secure for clients that use https.",
    };

    public static AnnotationKey<bool> ChangeOnFailure { get; } = new()
    {
        Name = "session-cookie-change-on-failure",
        Form = ValueForms.Boolean,
        Default = "false",
        Documentation = "With true, a request whose endpoint fails is retried on another one, and the client gets a cookie of that one. With false, a client "
            + "with a valid cookie stays on its endpoint: retries go to the same endpoint, and a failure is the response. Which requests are retried "
            + "is the same for both.",
    };

    public static RouteFeature Feature { get; } = new(
        "Session affinity",
        [Affinity, Mode, CookieName, CookiePath, CookieDomain, MaxAge, Expires, CookieSameSite, ConditionalNone, Secure, ChangeOnFailure],
        Read);

    private static IEnumerable<RoutePolicy> Read(PolicyContext context)
    {
        var annotations = context.Annotations;
        if (annotations.IsEmpty)
            return [];
        if (!annotations.Read(Affinity, false))
        {
            foreach (var key in Feature.Keys.Where(key => key != Affinity && annotations.IsSet(key) && !IsOff(annotations, key)))
                annotations.Report(key, (ingress, field) => DiagnosticCatalog.AnnotationWithoutEffect(ingress, field, "affinity is not \"cookie\""));
            return [];
        }

        var mode = annotations.Read(Mode, SessionMode.Balanced);
        return [new SessionAffinityPolicy(mode, ReadCookie(annotations), annotations.Read(ChangeOnFailure, false))];
    }

    /// <summary>True if the value asks for nothing.</summary>
    private static bool IsOff(AnnotationReader annotations, AnnotationKey key) =>
        key is AnnotationKey<bool> flag && annotations.TryRead(flag, out var isOn) && !isOn;

    private static SessionCookieSettings ReadCookie(AnnotationReader annotations)
    {
        var cookie = new SessionCookieSettings();
        cookie = cookie with
        {
            Name = annotations.Read(CookieName, cookie.Name),
            Path = annotations.TryRead(CookiePath, out var path) ? path : null,
            Domain = annotations.TryRead(CookieDomain, out var domain) ? domain : null,
            MaxAge = annotations.TryRead(MaxAge, out var maxAge) ? maxAge : null,
            Expires = annotations.TryRead(Expires, out var expires) ? expires : null,
            SameSite = annotations.TryRead(CookieSameSite, out var sameSite) ? sameSite : null,
            OmitsNoneForOldBrowsers = annotations.Read(ConditionalNone, false),
            IsAlwaysSecure = annotations.Read(Secure, false),
        };
        return cookie;
    }
}
