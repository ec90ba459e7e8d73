using IngressController.Routing.Table;

namespace IngressController.Routing.Features.Transforms;

/// <summary>What YARP's transforms do to requests and responses, in their order.</summary>
public sealed record TransformsPolicy(EquatableArray<Transform> Transforms) : RoutePolicy;

/// <summary>One transform as YARP's configuration writes it.</summary>
/// <param name="Name">Its name as YARP spells it.</param>
/// <param name="Value">The value under its name.</param>
/// <param name="Parameters">The others, as YARP spells them.</param>
public sealed record Transform(string Name, string Value, EquatableArray<KeyValuePair<string, string>> Parameters)
{
    public override string ToString() => $"{Name}: {Value}{string.Concat(Parameters.Select(parameter => $" {parameter.Key}: {parameter.Value}"))}";
}
