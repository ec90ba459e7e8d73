using System.Text;
using IngressController.Routing.Features;
using IngressController.Routing.Features.Blocking;
using IngressController.Routing.Features.IpAccess;
using IngressController.Routing.Settings;
using IngressController.Routing.Table;
using k8s.Models;

namespace IngressController.Routing.Tests.Golden;

/// <summary>Renders a translation as text, for people and for comparison: complete YAML in a fixed order.</summary>
internal static class TableRenderer
{
    public static string Render(IngressController.Routing.Translation.Translation translation)
    {
        var text = new StringBuilder();
        RenderHosts(text, translation.Table);
        RenderAliases(text, translation.Table);
        RenderPolicies(text, translation);
        RenderDefaults(text, translation.Table);
        if (translation.Settings.ReplicasService is not null)
            Line(text, $"replicas: {translation.Table.Replicas}");
        RenderBackends(text, translation.Table);
        RenderTls(text, translation.Table);
        RenderDiagnostics(text, translation);
        return text.ToString();
    }

    private static void RenderHosts(StringBuilder text, RoutingTable table)
    {
        Section(text, "hosts", table.Hosts.Count);
        // Exact hosts, then wildcards, then rules without a host: the order in which a request tries them.
        foreach (var host in table.Hosts.Values.OrderBy(h => h.Host.Length == 0 ? 2 : h.Host[0] == '*' ? 1 : 0).ThenBy(h => h.Host, StringComparer.Ordinal))
        {
            Line(text, $"  {Scalar(host.Host.Length == 0 ? "(every other host)" : host.Host)}:{(host.Routes.Count == 0 && host.Default is null && host.Root is null ? " []" : "")}");
            foreach (var route in host.Routes)
                Line(text, $"  - {Scalar(Describe(route))}");
            if (host.Root is { } root)
                Line(text, $"  - {Scalar($"exactly / -> {((RouteAction.Redirect)root.Action).Path}   ({root.Origin.Ingress})")}");
            if (host.Default is { } defaultRoute)
                Line(text, $"  - {Scalar($"otherwise -> {Describe(defaultRoute.Action)}   ({defaultRoute.Origin})")}");
        }
    }

    private static void RenderAliases(StringBuilder text, RoutingTable table)
    {
        if (table.Aliases.Count == 0)
            return;
        Line(text, "aliases:");
        foreach (var (name, alias) in table.Aliases.OrderBy(alias => alias.Key, StringComparer.Ordinal))
            Line(text, $"  {Scalar(name)}: {Scalar($"{(alias.Redirect is { } status ? $"{status} to" : "as")} {alias.Target}   ({alias.Ingress})")}");
    }

    /// <summary>By Ingress, as all its routes share them. The policies of every Ingress without annotations are omitted.</summary>
    private static void RenderPolicies(StringBuilder text, IngressController.Routing.Translation.Translation translation)
    {
        var usual = new PolicyContext(new V1Ingress(), translation.Snapshot, translation.Settings.PolicyOptions, GlobalSettings.Default, []).ReadPolicies().All.ToHashSet();
        var byIngress = translation.Table.Hosts.Values.SelectMany(host => host.Default is { } route ? host.Routes.Append(route) : host.Routes)
            .Where(route => route.Policies.All.Any(policy => !usual.Contains(policy)))
            .DistinctBy(route => route.Origin.Ingress).OrderBy(route => route.Origin.Ingress).ToArray();
        if (byIngress.Length == 0)
            return;
        Line(text, "policies:");
        foreach (var route in byIngress)
        {
            Line(text, $"  {Scalar(route.Origin.Ingress.ToString())}:");
            foreach (var policy in route.Policies.All.Where(policy => !usual.Contains(policy)))
                Line(text, $"  - {Scalar(policy.ToString())}");
        }
    }

    private static void RenderDefaults(StringBuilder text, RoutingTable table)
    {
        if (table.DefaultRoute is null && table.DefaultCertificate is null)
            return;
        Line(text, "defaults:");
        if (table.DefaultRoute is { } route)
        {
            Line(text, $"  route: {Scalar(Describe(route.Action))}");
            foreach (var policy in route.Policies.All.Where(policy => policy is ClosedPolicy or BlockPolicy or IpAccessPolicy))
                Line(text, $"  {policy.GetType().Name}: {Scalar(policy.ToString())}");
        }

        if (table.DefaultCertificate is { } certificate)
            Line(text, $"  certificate: {Scalar(Describe(certificate))}");
    }

    private static void RenderBackends(StringBuilder text, RoutingTable table)
    {
        Section(text, "backends", table.Backends.Count);
        foreach (var (id, backend) in table.Backends.OrderBy(b => b.Key.Service).ThenBy(b => b.Key.Port, StringComparer.Ordinal).ThenBy(b => b.Key.Protocol)
            .ThenBy(b => b.Key.ToString(), StringComparer.Ordinal))
        {
            Line(text, $"  {Scalar(id.ToString())}: {Scalar($"{backend.Protocol} {(backend.Endpoints.Count > 0 ? string.Join(' ', backend.Endpoints) : "none")}")}");
        }
    }

    private static void RenderTls(StringBuilder text, RoutingTable table)
    {
        Section(text, "tls", table.TlsBindings.Count);
        foreach (var (host, binding) in table.TlsBindings.OrderBy(b => b.Key, StringComparer.Ordinal))
            Line(text, $"  {Scalar(host)}: {Scalar(Describe(binding))}");
    }

    private static void RenderDiagnostics(StringBuilder text, IngressController.Routing.Translation.Translation translation)
    {
        var diagnostics = translation.CollectDiagnostics();
        if (diagnostics.Length == 0)
            Line(text, "diagnostics: []");
        else
            Line(text, "diagnostics:");
        foreach (var diagnostic in diagnostics)
            Line(text, $"- {Scalar(diagnostic.ToString())}");
    }

    private static string Describe(Route route) =>
        $"{route.Match.Type} {Short(RequestPath.Encode(route.Match.Value))}{Describe(route.Predicates)} -> {Describe(route.Action)}   "
        + $"({route.Origin})";

    private static string Describe(RoutePredicates predicates)
    {
        if (predicates == RoutePredicates.None)
            return "";
        string[] all =
        [
            string.Join('|', predicates.Methods),
            .. predicates.Headers.Select(header => Describe("header", header)),
            .. predicates.QueryParameters.Select(parameter => Describe("query", parameter)),
        ];
        return predicates.IsUnreadable ? " (if nothing else)" : $" if {string.Join(" and ", all.Where(text => text.Length > 0))}";
    }

    private static string Describe(string what, ValuePredicate predicate) =>
        $"{what} {predicate.Name} {predicate.Match}{(predicate.IsCaseSensitive ? " case" : "")}{string.Concat(predicate.Values.Select(value => $" {value}"))}";

    private static string Describe(RouteAction action) => action switch
    {
        RouteAction.Forward forward => string.Concat(forward.Canaries.Select(canary => $"[{canary.Rules}] {canary.Backend} ({canary.Origin.Ingress}), else "))
            + (forward.Weights.Count == 0 ? forward.Backend.ToString() : string.Join(" or ", forward.Weights.Select(weighted => $"{weighted.Weight} {weighted.Backend}"))),
        RouteAction.Redirect redirect => $"{redirect.Status} {(redirect.Host ?? redirect.Path)}",
        RouteAction.Unavailable unavailable => $"503 {unavailable.Reason}",
        _ => throw new ArgumentOutOfRangeException(nameof(action), action, "an action without a rendering"),
    };

    private static string Describe(TlsBinding binding) => binding.Certificate is { } certificate
        ? $"{binding.Secret} {certificate.Fingerprint[..8]} for {string.Join(", ", certificate.DnsNames)}"
        : "the default certificate";

    private static string Short(string path) => path.Length <= 120 ? path : $"{path[..60]}... ({path.Length} characters)";

    private static void Section(StringBuilder text, string name, int count) => Line(text, $"{name}:{(count == 0 ? " {}" : "")}");

    private static void Line(StringBuilder text, string line) => text.Append(line).Append('\n');

    /// <summary>Quoted only if a plain scalar would not read back unchanged.</summary>
    private static string Scalar(string value)
    {
        var isPlain = value.Length > 0
            && value.All(c => c is >= ' ' and < '\x7F')
            && !"!&*-?:,[]{}#|>@`\"'%".Contains(value[0])
            && !value.Contains(": ", StringComparison.Ordinal) && !value.Contains(" #", StringComparison.Ordinal)
            && value[^1] is not (' ' or ':');
        return isPlain ? value : $"'{value.Replace("'", "''", StringComparison.Ordinal)}'";
    }
}
