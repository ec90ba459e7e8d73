using System.Buffers;
using IngressController.Routing.Cluster;
using IngressController.Routing.Diagnostics;
using IngressController.Routing.Features;
using IngressController.Routing.Settings;
using IngressController.Routing.Table;
using k8s.Models;

namespace IngressController.Routing.Translation;

/// <summary>Step 1: reads one claimed Ingress by itself and reports everything that is invalid in it.</summary>
internal sealed class IngressReader
{
    /// <summary>Longer paths work, but clients and servers on the way may refuse them.</summary>
    private const int LongPath = 2_000;

    private static readonly SearchValues<char> PatternCharacters = SearchValues.Create("*{}()|^[]\"'`");

    private readonly V1Ingress _ingress;
    private readonly ResourceName _name;
    private readonly List<Diagnostic> _diagnostics = [];
    private readonly Dictionary<string, List<Route>> _routesByHost = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Route> _answersByHost = new(StringComparer.Ordinal);
    private readonly PolicyContext _context;
    private readonly RoutePolicies _policies;
    private readonly BackendProtocol? _protocol;
    private readonly BackendTlsSettings? _tls;
    private readonly BackendWeightsPolicy? _weights;
    private readonly MatchingPolicy _matching;
    private readonly bool _isCanary;

    private IngressReader(V1Ingress ingress, ClusterSnapshot snapshot, PolicyOptions options, GlobalSettings settings, HashSet<RoutePolicies> shared)
    {
        _ingress = ingress;
        _name = ingress.ResourceName;
        _context = new PolicyContext(ingress, snapshot, options, settings, _diagnostics);
        _policies = _context.ReadPolicies();
        // Thousands of Ingresses have equal policies, mostly none: they share one object.
        if (shared.TryGetValue(_policies, out var same))
            _policies = same;
        else if (_policies.Sources.Count == 0)
            shared.Add(_policies);
        _matching = _policies.Get<MatchingPolicy>() ?? MatchingPolicy.None;
        _protocol = _policies.Get<BackendProtocolPolicy>()?.Protocol;
        _tls = _policies.Get<BackendTlsPolicy>()?.Tls;
        _weights = _policies.Get<BackendWeightsPolicy>();
        _isCanary = _context.Annotations.IsCanary;
    }

    /// <param name="ingress">The Ingress.</param>
    /// <param name="snapshot">The Secrets and ConfigMaps that it may name.</param>
    /// <param name="options">The options of features.</param>
    /// <param name="settings">The settings of all Ingresses.</param>
    /// <param name="shared">Policies of other Ingresses of this pass, to share.</param>
    public static IngressFragment Read(
        V1Ingress ingress, ClusterSnapshot snapshot, PolicyOptions options, GlobalSettings settings, HashSet<RoutePolicies> shared)
    {
        var reader = new IngressReader(ingress, snapshot, options, settings, shared);
        return reader._isCanary ? reader.ReadCanary() : reader.Read();
    }

    /// <summary>Its routes are canaries of other Ingresses' routes; everything else of it is ignored.</summary>
    private IngressFragment ReadCanary()
    {
        var hosts = ReadHosts();
        if (_context.HasTls)
            _diagnostics.Add(DiagnosticCatalog.CanaryTlsIgnored(_name));
        return new IngressFragment
        {
            Name = _name,
            Created = _ingress.Metadata?.CreationTimestamp ?? DateTime.MaxValue,
            IsCanary = true,
            Hosts = hosts,
            Policies = _policies,
            PolicySecrets = _context.Secrets,
            PolicyConfigMaps = _context.ConfigMaps,
            Diagnostics = [.. _diagnostics],
        };
    }

    private IngressFragment Read()
    {
        var hosts = ReadHosts();
        var tls = TlsReader.Read(_name, _ingress.Spec?.Tls ?? [], _routesByHost.Keys, _diagnostics);
        return new IngressFragment
        {
            Name = _name,
            Created = _ingress.Metadata?.CreationTimestamp ?? DateTime.MaxValue,
            Hosts = hosts,
            Tls = _routesByHost.Count == 0 && _ingress.Spec?.Rules is not { Count: > 0 } ? [] : [.. tls],
            Policies = _policies,
            HasTls = _context.HasTls,
            Aliases = ReadAliases(),
            PolicySecrets = _context.Secrets,
            PolicyConfigMaps = _context.ConfigMaps,
            Diagnostics = [.. _diagnostics],
        };
    }

    private EquatableArray<HostContribution> ReadHosts()
    {
        var rules = _ingress.Spec?.Rules ?? [];
        for (var i = 0; i < rules.Count; i++)
            ReadRule(rules[i] ?? new V1IngressRule(), i);

        var defaultRoute = ReadDefaultBackend();
        if (rules.Count == 0 && defaultRoute is not null)
            _routesByHost[""] = [];
        RuleCheck.Report(
            _name, rules, hasDefault: defaultRoute is not null, hasRoutes: _routesByHost.Values.Any(routes => routes.Count > 0),
            answersByAnnotation: _policies.All.Any(policy => policy.AnswersWithoutPaths), _diagnostics);
        return
        [
            .. _routesByHost.OrderBy(host => host.Key, StringComparer.Ordinal)
                .Select(host => new HostContribution(host.Key, [.. host.Value], defaultRoute ?? _answersByHost.GetValueOrDefault(host.Key))),
        ];
    }

    /// <summary>The further names of its hosts.</summary>
    private EquatableArray<HostAlias> ReadAliases()
    {
        var hosts = _routesByHost.Keys.Where(host => host.Length > 0).Order(StringComparer.Ordinal).ToArray();
        var aliases = new List<HostAlias>();
        foreach (var policy in _policies.All)
            aliases.AddRange(policy.AliasesOf(_name, hosts).Select(alias => alias with { Field = _policies.FieldOf(alias.Annotation) }));
        if (aliases.Count == 0)
            return [];
        // A name that is served takes precedence over the same name as a redirect.
        return [.. aliases.OrderBy(alias => alias.Redirect is not null).DistinctBy(alias => alias.Name)];
    }

    private void ReadRule(V1IngressRule rule, int index)
    {
        if (HostName.Normalize(rule.Host, out var reason) is not { } host)
        {
            _diagnostics.Add(DiagnosticCatalog.HostInvalid(_name, index, rule.Host!, reason));
            return;
        }

        // A rule without http sends its whole host to the default backend, so the host exists even without paths.
        if (!_routesByHost.TryGetValue(host, out var routes))
            _routesByHost[host] = routes = [];

        var paths = rule.Http?.Paths ?? [];
        // An annotation that answers by itself needs no backend.
        if (paths.Count == 0 && _policies.AnswerEveryRequest)
            _answersByHost.TryAdd(host, Make(new RouteOrigin(_name, index, -1), PathMatch.Root, new RouteAction.Unavailable("the rule has no paths")));
        for (var i = 0; i < paths.Count; i++)
        {
            var origin = new RouteOrigin(_name, index, i);
            var path = paths[i] ?? new V1HTTPIngressPath();
            var action = ReadBackend(path.Backend, origin);
            var text = string.IsNullOrEmpty(path.Path) ? "/" : path.Path;
            var wantsRegex = _policies.MakeRegex(text);
            var pattern = wantsRegex && text[0] == '/' ? ReadPattern(text, origin, ref action) : null;
            if (ReadPath(path, text, isPattern: pattern is not null, origin, ref action) is { } match)
                routes.Add(Make(origin, match, action) with { PathText = text, WantsRegex = wantsRegex, Pattern = pattern });
        }
    }

    private Route? ReadDefaultBackend()
    {
        if (_ingress.Spec?.DefaultBackend is not { } backend)
            return null;
        var origin = RouteOrigin.DefaultBackend(_name);
        // As in ingress-nginx: requests for unknown hosts are neither redirected nor rewritten.
        var isCatchAll = _ingress.Spec.Rules is not { Count: > 0 };
        var route = Make(origin, PathMatch.Root, ReadBackend(backend, origin));
        return isCatchAll ? route with { Policies = _policies.OfDefaultBackend } : route;
    }

    private Route Make(RouteOrigin origin, PathMatch match, RouteAction action) =>
        new(origin, match, action) { Policies = _policies, Predicates = _matching.Predicates, Order = _matching.Order };

    private PathMatch? ReadPath(V1HTTPIngressPath path, string text, bool isPattern, RouteOrigin origin, ref RouteAction action)
    {
        PathMatchType? type = path.PathType switch
        {
            "Exact" => PathMatchType.Exact,
            "Prefix" or "ImplementationSpecific" or null or "" => PathMatchType.Prefix,
            _ => null,
        };
        if (type is null)
        {
            // The rule's meaning is unknown: its path fails closed instead of letting its traffic fall through.
            _diagnostics.Add(DiagnosticCatalog.PathTypeUnknown(origin, path.PathType!, _isCanary));
            action = new RouteAction.Unavailable("unknown pathType");
        }
        else if (string.IsNullOrEmpty(path.PathType))
        {
            _diagnostics.Add(DiagnosticCatalog.PathTypeMissing(origin));
        }

        // Kept as written: HostMerge makes a regular expression of it. The path of a canary is what the main Ingress makes of it.
        if (isPattern || (_isCanary && text[0] == '/' && RequestPath.NormalizeRule(text, out _) is null))
            return new PathMatch(type == PathMatchType.Exact ? PathMatchType.Exact : PathMatchType.Prefix, text);
        if (RequestPath.NormalizeRule(text, out var problem) is not { } value)
        {
            _diagnostics.Add(DiagnosticCatalog.PathInvalid(origin, text, Explain(problem)));
            return null;
        }

        if (!_isCanary && text.AsSpan().ContainsAny(PatternCharacters))
            _diagnostics.Add(DiagnosticCatalog.PathLooksLikePattern(origin, text));
        if (text.Length > LongPath)
            _diagnostics.Add(DiagnosticCatalog.PathVeryLong(origin, text.Length));

        return type == PathMatchType.Exact
            ? new PathMatch(PathMatchType.Exact, value)
            : new PathMatch(PathMatchType.Prefix, value.Length > 1 ? value.TrimEnd('/') : value);
    }

    /// <summary>
    /// Compiles a path that its own Ingress makes a regular expression; an invalid one fails closed, for all that
    /// it may match.
    /// </summary>
    private PathPattern ReadPattern(string text, RouteOrigin origin, ref RouteAction action)
    {
        if (PathPattern.TryCreate(text, out var problem) is { } pattern)
            return pattern;
        var covering = PathPattern.Covering(text);
        _diagnostics.Add(DiagnosticCatalog.PathPatternInvalid(origin, text, problem, covering.Text));
        action = new RouteAction.Unavailable("the path is not a usable regular expression");
        return covering;
    }

    private RouteAction ReadBackend(V1IngressBackend? backend, RouteOrigin origin)
    {
        switch (backend)
        {
            case { Service: not null, Resource: not null }:
                return Refuse(DiagnosticCatalog.BackendAmbiguous(origin));
            case { Resource: { } resource }:
                return Refuse(DiagnosticCatalog.ResourceBackendUnsupported(origin, resource.Kind ?? "?", resource.Name ?? "?"));
            case { Service: { Name.Length: > 0 } service }:
                return service.Port switch
                {
                    { Number: > 0, Name.Length: > 0 } =>
                        Refuse(DiagnosticCatalog.ServicePortMissing(origin, "has both a number and a name; remove one")),
                    { Number: > 0 and <= 65535 } port => Forward(service.Name, port.Number.Value.ToString(System.Globalization.CultureInfo.InvariantCulture), origin),
                    { Name: { Length: > 0 } name } => Forward(service.Name, name, origin),
                    { Number: { } number } => Refuse(DiagnosticCatalog.ServicePortMissing(origin, $"number {number} is not between 1 and 65535")),
                    _ => Refuse(DiagnosticCatalog.ServicePortMissing(origin, "has neither a number nor a name; set one")),
                };
            default:
                return Refuse(DiagnosticCatalog.BackendMissing(origin));
        }
    }

    /// <summary>Protocol and weights are those of the paths; the default backend has neither.</summary>
    private RouteAction.Forward Forward(string service, string port, RouteOrigin origin)
    {
        var own = new BackendId(_name with { Name = service }, port, origin.IsDefaultBackend ? null : _protocol, _tls)
        {
            UsesClusterIp = _policies.Get<ServiceUpstreamPolicy>() is not null,
        };
        if (_weights is null || origin.IsDefaultBackend)
            return new(own);
        WeightedBackend[] backends = [.. _weights.Services.Select(weighted => new WeightedBackend(own with { Service = _name with { Name = weighted.Service } }, weighted.Weight))];
        var listed = Array.Find(backends, weighted => weighted.Backend == own);
        if (listed is null)
            _diagnostics.Add(DiagnosticCatalog.BackendNotListed(origin, service, _policies.FieldOf(BackendWeightsPolicy.Annotation)));
        var main = listed is { Weight: > 0 } ? listed : Array.Find(backends, weighted => weighted.Weight > 0)!;
        return new(main.Backend) { Weights = [.. backends] };
    }

    private RouteAction.Unavailable Refuse(Diagnostic diagnostic)
    {
        _diagnostics.Add(_isCanary ? diagnostic with { Effect = DiagnosticEffect.RouteLeftOut } : diagnostic);
        return new RouteAction.Unavailable(diagnostic.Message);
    }

    private static string Explain(PathProblem problem) => problem switch
    {
        PathProblem.NotAbsolute => "it does not start with a slash",
        PathProblem.ForbiddenCharacter => "the path of a request cannot contain ? or #",
        PathProblem.NullCharacter or PathProblem.Backslash => "requests with a backslash or %00 are rejected",
        PathProblem.AboveRoot or PathProblem.AmbiguousDotSegments => "dot segments are resolved before requests are matched",
        _ => throw new ArgumentOutOfRangeException(nameof(problem), problem, "no problem to explain"),
    };
}
