namespace IngressController.Kubernetes.Serialization;

/// <summary>An object of the server that does not decode: its identity, as far as it can be read, and the error.</summary>
public sealed record UndecodableObject(string? Namespace, string? Name, string? Uid, string Error)
{
    internal string? ResourceVersion { get; init; }

    public override string ToString() => Namespace is null ? Name ?? "(unknown)" : $"{Namespace}/{Name ?? "(unknown)"}";
}
