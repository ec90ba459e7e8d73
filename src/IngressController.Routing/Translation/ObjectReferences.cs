using System.Collections.Immutable;

namespace IngressController.Routing.Translation;

/// <summary>The Secrets and ConfigMaps that translation looks for, whether they exist or not: a source need read no others.</summary>
public sealed record ObjectReferences(ImmutableHashSet<ResourceName> Secrets, ImmutableHashSet<ResourceName> ConfigMaps)
{
    public static ObjectReferences None { get; } = new([], []);

    /// <summary>The same object when nothing differs, so that callers see at once that there is nothing to do.</summary>
    internal ObjectReferences With(ImmutableHashSet<ResourceName> secrets, ImmutableHashSet<ResourceName> configMaps) =>
        ReferenceEquals(secrets, Secrets) && ReferenceEquals(configMaps, ConfigMaps) ? this : new(secrets, configMaps);
}
