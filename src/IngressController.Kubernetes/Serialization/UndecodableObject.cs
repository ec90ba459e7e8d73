namespace IngressController.Kubernetes.Serialization;

/// <summary>An object of the server that does not decode: who it is, as far as that could be read, and why.</summary>
public sealed record UndecodableObject(string? Namespace, string? Name, string? Uid, string Error)
{
    internal string? ResourceVersion { get; init; }

    public override string ToString() => Namespace is null ? Name ?? "(unknown)" : $"{Namespace}/{Name ?? "(unknown)"}";
}
