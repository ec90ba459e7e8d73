namespace IngressController.Configuration;

/// <summary>The sessions of clients.</summary>
public sealed record SessionAffinityOptions
{
    /// <summary>The file with the key of session cookies, at least 32 bytes; null for a random key.</summary>
    public string? KeyFile { get; init; }
}
