using IngressController.Routing.Table;

namespace IngressController.Matching;

/// <summary>A route as the tables of hosts and paths hold it.</summary>
internal abstract class RouteEntry(string host, Routing.Table.Route definition)
{
    private readonly RequestMatcher? _matcher = RequestMatcher.Of(definition.Predicates);

    /// <summary>The host of the rule; empty for rules without one.</summary>
    public string Host => host;

    /// <summary>The route of the routing table.</summary>
    public Routing.Table.Route Definition => definition;

    /// <summary>True if the route looks at more than host and path.</summary>
    public bool HasPredicates => _matcher is not null;

    /// <summary>True if the route takes a request of its host and path; without a request, if it takes all.</summary>
    public bool Accepts(HttpRequest? request) => _matcher is null || (request is not null && _matcher.Match(request));
}
