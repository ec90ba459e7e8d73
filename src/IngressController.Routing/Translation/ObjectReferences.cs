using System.Collections.Immutable;

namespace IngressController.Routing.Translation;

/// <summary>The Secrets and ConfigMaps that translation looks up, existing or not: a source needs no others.</summary>
public sealed record ObjectReferences(ImmutableHashSet<ResourceName> Secrets, ImmutableHashSet<ResourceName> ConfigMaps)
{
    public static ObjectReferences None { get; } = new([], []);

    /// <summary>Returns the same object when nothing differs, so that callers can compare references.</summary>
    internal ObjectReferences With(ImmutableHashSet<ResourceName> secrets, ImmutableHashSet<ResourceName> configMaps) =>
        ReferenceEquals(secrets, Secrets) && ReferenceEquals(configMaps, ConfigMaps) ? this : new(secrets, configMaps);
}
