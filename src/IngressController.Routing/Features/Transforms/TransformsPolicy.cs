using IngressController.Routing.Table;

namespace IngressController.Routing.Features.Transforms;

/// <summary>YARP's transforms of requests and responses, in order.</summary>
public sealed record TransformsPolicy(EquatableArray<Transform> Transforms) : RoutePolicy;

/// <summary>A transform in the form of YARP's configuration.</summary>
/// <param name="Name">The name as YARP spells it.</param>
/// <param name="Value">The value under its name.</param>
/// <param name="Parameters">The other entries, as YARP spells them.</param>
public sealed record Transform(string Name, string Value, EquatableArray<KeyValuePair<string, string>> Parameters)
{
    public override string ToString() => $"{Name}: {Value}{string.Concat(Parameters.Select(parameter => $" {parameter.Key}: {parameter.Value}"))}";
}
