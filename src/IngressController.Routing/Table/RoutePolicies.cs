namespace IngressController.Routing.Table;

/// <summary>
/// A policy that an Ingress asks for. Each feature has its own; they compare by value. Translation acts on the internal members, so that it
/// names no feature.
/// </summary>
public abstract record RoutePolicy
{
    /// <summary>False if requests that match no rule are served without the policy.</summary>
    internal virtual bool AppliesToDefaultBackend => true;

    /// <summary>The action for exactly <c>/</c> of the whole host, before all routes; null leaves it to the routes.</summary>
    internal virtual RootAction? RootAction => null;

    /// <summary>True if the policy answers requests of a rule without paths, too.</summary>
    internal virtual bool AnswersWithoutPaths => RootAction is not null || AnswersEveryRequest;

    /// <summary>True if the policy redirects http requests to https where the host has a certificate.</summary>
    internal virtual bool RedirectsToTls => false;

    /// <summary>True if the policy makes a path a regular expression, and with it all paths of its host.</summary>
    internal virtual bool MakesRegex(string path) => false;

    /// <summary>A backend that the policy uses besides that of the rule; null if it uses none.</summary>
    internal virtual BackendUse? BackendUse => null;

    /// <summary>The groups of the path that the policy uses; null if it uses none.</summary>
    internal virtual GroupUse? GroupUse => null;

    /// <summary>True if the policy answers every request by itself, so that a rule without paths answers too.</summary>
    internal virtual bool AnswersEveryRequest => false;

    /// <summary>Further names of the Ingress's hosts.</summary>
    /// <param name="ingress">The Ingress.</param>
    /// <param name="hosts">Its named hosts, in ordinal order.</param>
    internal virtual IEnumerable<HostAlias> AliasesOf(ResourceName ingress, IReadOnlyList<string> hosts) => [];
}

/// <summary>An action for exactly <c>/</c> of a host.</summary>
/// <param name="Action">The action.</param>
/// <param name="Annotation">The annotation that asks for it, without prefix.</param>
internal sealed record RootAction(RouteAction Action, string Annotation);

/// <summary>A backend that a policy uses.</summary>
/// <param name="Backend">The backend.</param>
/// <param name="Annotation">The annotation that names it, without prefix.</param>
internal sealed record BackendUse(BackendId Backend, string Annotation);

/// <summary>The groups of the path's regular expression that a policy uses.</summary>
/// <param name="Group">The greatest one.</param>
/// <param name="Template">The template as it is written.</param>
/// <param name="Annotation">The annotation, without prefix.</param>
internal sealed record GroupUse(int Group, string Template, string Annotation)
{
    /// <summary>Returns null for a template without groups.</summary>
    public static GroupUse? Of(ValueTemplate template, string annotation) =>
        template.MaxGroup is > 0 and var group ? new(group, template.ToString(), annotation) : null;
}

/// <summary>The paths of the Ingress fail closed: a protection that it asks for is invalid.</summary>
/// <param name="Reason">Shown to people who can read the object; clients do not see it.</param>
public sealed record ClosedPolicy(string Reason) : RoutePolicy
{
    internal override bool AnswersEveryRequest => true;
}

/// <summary>The origin of an applied value, for <c>explain</c>.</summary>
/// <param name="Setting">The name without prefix.</param>
/// <param name="Value">The value as written.</param>
/// <param name="Origin">For example <c>annotation nginx.ingress.kubernetes.io/limit-rps</c> or <c>ConfigMap ingress/settings</c>.</param>
public sealed record PolicySource(string Setting, string Value, string Origin)
{
    private const string OfAnnotations = "annotation ";

    /// <summary>The annotation with its prefix; null if the value is not from one.</summary>
    internal string? Annotation => Origin.StartsWith(OfAnnotations, StringComparison.Ordinal) ? Origin[OfAnnotations.Length..] : null;

    internal static PolicySource OfAnnotation(string setting, string value, string annotation) => new(setting, value, $"{OfAnnotations}{annotation}");
}

/// <summary>The policies of an Ingress, shared by all its routes.</summary>
public sealed record RoutePolicies(EquatableArray<RoutePolicy> All, EquatableArray<PolicySource> Sources)
{
    public static RoutePolicies None { get; } = new([], []);

    /// <summary>The policies of requests that match no rule.</summary>
    internal RoutePolicies OfDefaultBackend => this with { All = [.. All.Where(policy => policy.AppliesToDefaultBackend)] };

    /// <summary>The policy of a type; null when there is none.</summary>
    public T? Get<T>()
        where T : RoutePolicy
    {
        foreach (var policy in All)
        {
            if (policy is T found)
                return found;
        }

        return null;
    }

    /// <summary>The field of an annotation, as the Ingress writes it.</summary>
    /// <param name="name">The name without prefix.</param>
    internal string FieldOf(string name) => $"metadata.annotations[{Sources.FirstOrDefault(source => source.Setting == name)?.Annotation ?? name}]";

    /// <summary>True if a policy uses a group of the path.</summary>
    public bool UseGroups() => All.Any(policy => policy.GroupUse is not null);

    /// <summary>True if a policy answers every request by itself.</summary>
    internal bool AnswerEveryRequest => All.Any(policy => policy.AnswersEveryRequest);

    /// <summary>True if a policy makes a path a regular expression.</summary>
    internal bool MakeRegex(string path)
    {
        foreach (var policy in All)
        {
            if (policy.MakesRegex(path))
                return true;
        }

        return false;
    }
}
