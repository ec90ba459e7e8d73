namespace IngressController.Routing.Values;

/// <summary>
/// A place that takes a template, and what can be filled there. Each one is listed here; a variable that cannot be filled is a problem of the
/// value when it is read, so that it never reaches the wire.
/// </summary>
/// <param name="HasGroups">True if the groups of the path's regular expression can be used.</param>
/// <param name="Missing">The variables that have no value there.</param>
public sealed record TemplatePlace(bool HasGroups, EquatableArray<TemplateVariable> Missing)
{
    /// <summary>rewrite-target: before authentication.</summary>
    public static TemplatePlace Rewrite { get; } = new(HasGroups: true, [TemplateVariable.RemoteUser]);

    /// <summary>permanent-redirect and temporal-redirect: before authentication.</summary>
    public static TemplatePlace Redirect { get; } = new(HasGroups: true, [TemplateVariable.RemoteUser]);

    /// <summary>app-root: for the whole host, so there is no path and no backend.</summary>
    public static TemplatePlace AppRoot { get; } =
        new(HasGroups: false, [TemplateVariable.RemoteUser, TemplateVariable.ServiceName, TemplateVariable.ServicePort]);

    /// <summary>upstream-vhost.</summary>
    public static TemplatePlace UpstreamHost { get; } = new(HasGroups: true, []);

    /// <summary>x-forwarded-prefix.</summary>
    public static TemplatePlace ForwardedPrefix { get; } = new(HasGroups: true, []);

    /// <summary>auth-url, auth-signin, auth-request-redirect, auth-cache-key and the entries of auth-proxy-set-headers.</summary>
    public static TemplatePlace Authentication { get; } = new(HasGroups: false, []);

    /// <summary>upstream-hash-by: after authentication.</summary>
    public static TemplatePlace HashKey { get; } = new(HasGroups: false, []);

    /// <summary>request-headers, response-headers, and the entries of custom-headers, proxy-set-headers and add-headers.</summary>
    public static TemplatePlace Headers { get; } = new(HasGroups: false, []);

    /// <summary>The reason why a variable cannot be filled here, as a clause that follows the quoted value; null if it can.</summary>
    internal string? Problem(TemplatePart part) =>
        part.Variable == TemplateVariable.Capture && !HasGroups ? "uses a capture group ($1 to $9), which is not available here"
        : Missing.Contains(part.Variable) ? $"has the variable {part}, which is not available here"
        : null;
}
