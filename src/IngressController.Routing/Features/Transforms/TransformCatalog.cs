using static IngressController.Routing.Features.Transforms.TransformValues;

namespace IngressController.Routing.Features.Transforms;

/// <summary>A parameter of a transform.</summary>
/// <param name="Name">The name as YARP spells it.</param>
/// <param name="Check">Returns the problem of a value; null when there is none.</param>
/// <param name="IsChoice">True if exactly one of the parameters with it must be present.</param>
internal sealed record TransformParameter(string Name, Func<string, string?> Check, bool IsChoice = false);

/// <summary>A transform with the checks of its value and its parameters.</summary>
internal sealed record TransformForm(string Name, Func<string, string?> Check, params TransformParameter[] Parameters);

/// <summary>YARP's transforms, so that an invalid one is found before YARP would throw.</summary>
internal static class TransformCatalog
{
    private static readonly TransformParameter[] SetOrAppendText = [new("Set", HeaderText, IsChoice: true), new("Append", HeaderText, IsChoice: true)];

    private static readonly TransformParameter[] SetOrAppendRouteValue = [new("Set", RouteValue, IsChoice: true), new("Append", RouteValue, IsChoice: true)];

    private static readonly TransformParameter When = new("When", OneOf("Always", "Success", "Failure"));

    private static readonly Func<string, string?> Action = OneOf("Set", "Append", "Remove", "Off");

    private static readonly Func<string, string?> NodeFormat = OneOf(
        "None", "Random", "RandomAndPort", "RandomAndRandomPort", "Unknown", "UnknownAndPort", "UnknownAndRandomPort", "Ip", "IpAndPort", "IpAndRandomPort");

    public static IReadOnlyList<TransformForm> All { get; } =
    [
        new("PathPrefix", Path),
        new("PathRemovePrefix", Path),
        new("PathSet", Path),
        new("PathPattern", Pattern),
        new("QueryValueParameter", QueryName, new("Set", Any, IsChoice: true), new("Append", Any, IsChoice: true)),
        new("QueryRouteParameter", QueryName, SetOrAppendRouteValue),
        new("QueryRemoveParameter", QueryName),
        new("HttpMethodChange", Method, new TransformParameter("Set", Method, IsChoice: true)),
        new("RequestHeadersCopy", Boolean),
        new("RequestHeaderOriginalHost", Boolean),
        new("RequestHeader", RequestHeaderName, SetOrAppendText),
        new("RequestHeaderRouteValue", RequestHeaderName, SetOrAppendRouteValue),
        new("RequestHeaderRemove", RequestHeaderName),
        new("RequestHeadersAllowed", HeaderNames),
        new("X-Forwarded", Action, new("For", Action), new("Proto", Action), new("Host", Action), new("Prefix", Action), new("HeaderPrefix", HeaderPrefix)),
        new("Forwarded", ListOf("for", "by", "host", "proto"), new("ForFormat", NodeFormat), new("ByFormat", NodeFormat), new("Action", Action)),
        new("ClientCert", RequestHeaderName),
        new("ResponseHeadersCopy", Boolean),
        new("ResponseHeader", ResponseHeaderName, [.. SetOrAppendText, When]),
        new("ResponseHeaderRemove", ResponseHeaderName, When),
        new("ResponseHeadersAllowed", HeaderNames),
        new("ResponseTrailersCopy", Boolean),
        new("ResponseTrailer", ResponseHeaderName, [.. SetOrAppendText, When]),
        new("ResponseTrailerRemove", ResponseHeaderName, When),
        new("ResponseTrailersAllowed", HeaderNames),
    ];

    /// <summary>The transform of a name, case-insensitive as in YARP; null when there is none.</summary>
    public static TransformForm? Find(string name) => All.FirstOrDefault(form => form.Name.Equals(name, StringComparison.OrdinalIgnoreCase));
}
