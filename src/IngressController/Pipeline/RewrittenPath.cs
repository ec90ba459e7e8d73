using System.Text.RegularExpressions;

namespace IngressController.Pipeline;

/// <summary>The path of a request after rewriting.</summary>
/// <param name="Path">The path, encoded.</param>
/// <param name="Match">The match of the route's pattern that it was made from.</param>
internal sealed record RewrittenPath(string Path, Match Match);
