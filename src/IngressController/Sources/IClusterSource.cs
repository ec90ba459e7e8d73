namespace IngressController.Sources;

/// <summary>Fills the <see cref="ClusterStore"/> from an API server or a folder of manifests.</summary>
internal interface IClusterSource
{
    /// <summary>The name of the source, as text for people.</summary>
    string Description { get; }

    /// <summary>Runs until cancelled. No external failure ends it.</summary>
    Task RunAsync(CancellationToken cancellation);
}
