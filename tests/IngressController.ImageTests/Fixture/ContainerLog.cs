using DotNet.Testcontainers.Containers;

namespace IngressController.ImageTests.Fixture;

internal static class ContainerLog
{
    extension(IContainer container)
    {
        /// <summary>Returns the text of both outputs.</summary>
        public async Task<string> LogAsync()
        {
            var (stdout, stderr) = await container.GetLogsAsync(timestampsEnabled: false);
            return stdout + stderr;
        }

        /// <summary>Starts the container; if it does not become ready, removes it and fails with its log.</summary>
        public async Task StartOrFailAsync()
        {
            try
            {
                await container.StartAsync();
            }
            catch (TimeoutException)
            {
                var log = await container.LogAsync();
                await container.DisposeAsync();
                Assert.Fail($"{container.Image.FullName} is not ready in time:\n{log}");
            }
        }
    }
}
