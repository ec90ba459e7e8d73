
namespace IngressController.Matching;

/// <summary>A route in the host and path tables.</summary>
internal abstract class RouteEntry(string host, Routing.Table.Route definition)
{
    private readonly RequestMatcher? _matcher = RequestMatcher.Of(definition.Predicates);

    /// <summary>The host of the rule; empty for rules without one.</summary>
    public string Host => host;

    /// <summary>The route in the routing table.</summary>
    public Routing.Table.Route Definition => definition;

    /// <summary>True if the route compares more than host and path.</summary>
    public bool HasPredicates => _matcher is not null;

    /// <summary>True if the predicates match a request; without a request, true if the route has none.</summary>
    public bool Accepts(HttpRequest? request) => _matcher is null || (request is not null && _matcher.Match(request));
}
