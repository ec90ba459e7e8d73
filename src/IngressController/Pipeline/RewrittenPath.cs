using IngressController.Routing.Expressions;

namespace IngressController.Pipeline;

/// <summary>The path of a request after rewriting.</summary>
/// <param name="Path">The encoded path.</param>
/// <param name="Match">The match of the route's pattern, for its groups.</param>
internal sealed record RewrittenPath(string Path, ExpressionMatch Match);
